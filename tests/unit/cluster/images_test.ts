import assert from "node:assert/strict";
import { appletLinks, imageConfig, recipes } from "../../cluster/images.ts";

Deno.test("appletLinks() links every applet but busybox itself", () => {
  assert.deepEqual(appletLinks("bin/busybox\nbin/ls\nusr/bin/env\n"), {
    "bin/ls": "/bin/busybox",
    "usr/bin/env": "/bin/busybox",
  });
});

Deno.test("recipes() makes images without a shell of agnhost and pause", () => {
  const made = Object.fromEntries(recipes("/bin", "/usr/bin/busybox", "bin/sh\n").map((image) => [image.name, image]));
  assert.deepEqual(Object.keys(made), ["localhost/pause:1", "localhost/busybox:1", "localhost/agnhost:1"]);
  assert.deepEqual(made["localhost/agnhost:1"]?.programs, { agnhost: "/bin/agnhost" });
  assert.equal(made["localhost/agnhost:1"]?.links, undefined);
  assert.deepEqual(made["localhost/busybox:1"]?.links, { "bin/sh": "/bin/busybox" });
});

Deno.test("imageConfig() names the layer by its digest", () => {
  const [pause] = recipes("/bin", "", "");
  assert.deepEqual(imageConfig(pause!, "abc", "amd64"), {
    architecture: "amd64",
    os: "linux",
    config: pause!.config,
    rootfs: { type: "layers", diff_ids: ["sha256:abc"] },
  });
});
