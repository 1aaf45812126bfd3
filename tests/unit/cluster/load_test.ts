import assert from "node:assert/strict";
import { importedImages, managedImages } from "../../cluster/load.ts";

Deno.test("importedImages() finds the names in what ctr says", () => {
  const output = `localhost/a:1                           \tsaved\t
application/vnd.docker.distribution.manifest.v2+json sha256:24aa
localhost/b:1                           \tsaved\t
Importing\telapsed: 0.0 s\ttotal:   0.0 B\t(0.0 B/s)\t
`;
  assert.deepEqual(importedImages(output), ["localhost/a:1", "localhost/b:1"]);
});

Deno.test("managedImages() lists what the kubelet sees", () => {
  const listing = `REF                 TYPE  DIGEST     SIZE    PLATFORMS   LABELS
localhost/a:1       t     sha256:1   1 MiB   linux/amd64 io.cri-containerd.image=managed
localhost/b:1       t     sha256:2   1 MiB   linux/amd64 -
`;
  assert.deepEqual(managedImages(listing), ["localhost/a:1"]);
});
