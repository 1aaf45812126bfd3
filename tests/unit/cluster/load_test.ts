import assert from "node:assert/strict";
import { unmanagedImages } from "../../cluster/load.ts";

Deno.test("unmanagedImages() lists what the kubelet does not see yet", () => {
  const listing = `REF                 TYPE  DIGEST     SIZE    PLATFORMS   LABELS
localhost/a:1       t     sha256:1   1 MiB   linux/amd64 io.cri-containerd.image=managed
localhost/b:1       t     sha256:2   1 MiB   linux/amd64 -
`;
  assert.deepEqual(unmanagedImages(listing), ["localhost/b:1"]);
});
