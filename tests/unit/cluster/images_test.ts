import assert from "node:assert/strict";
import { appletLinks, imageConfig, librariesOf, recipes } from "../../cluster/images.ts";

const libraries = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"];
const ingredients = {
  bin: "/bin",
  busybox: "/usr/bin/busybox",
  applets: "bin/sh\n",
  dynamic: ["/bin/sleep"],
  libraries,
};

Deno.test("librariesOf() finds the loader and the libraries that ldd lists", async () => {
  const { stdout } = await new Deno.Command("ldd", { args: ["/bin/ls", "/bin/cat"] }).output();
  const found = librariesOf(new TextDecoder().decode(stdout));
  for (const wanted of [/\/libc\.so\.6$/, /\/ld-linux[^/]*$/]) {
    assert.ok(found.some((file) => wanted.test(file)), `${found}`);
  }
  for (const file of found) assert.ok(Deno.statSync(file).isFile, file);
});

Deno.test("recipes() makes an image of dynamic programs whose C library is behind an absolute link", () => {
  const made = recipes(ingredients).find(({ name }) => name === "localhost/dynamic:1");
  assert.deepEqual(made?.programs, {
    "bin/sleep": "/bin/sleep",
    "lib/x86_64-linux-gnu/libc.so.6": libraries[0],
    "lib64/ld-linux-x86-64.so.2": libraries[1],
  });
  assert.deepEqual(made?.links, { "opt/lib/libc.so.6": libraries[0] });
});

Deno.test("appletLinks() links every applet but busybox itself", () => {
  assert.deepEqual(appletLinks("bin/busybox\nbin/ls\nusr/bin/env\n"), {
    "bin/ls": "/bin/busybox",
    "usr/bin/env": "/bin/busybox",
  });
});

Deno.test("recipes() makes images without a shell of agnhost and pause", () => {
  const made = Object.fromEntries(recipes(ingredients).map((image) => [image.name, image]));
  assert.deepEqual(made["localhost/agnhost:1"]?.programs, { agnhost: "/bin/agnhost" });
  assert.equal(made["localhost/agnhost:1"]?.links, undefined);
  assert.deepEqual(made["localhost/busybox:1"]?.links, { "bin/sh": "/bin/busybox" });
});

Deno.test("imageConfig() names the layer by its digest", () => {
  const [pause] = recipes(ingredients);
  assert.deepEqual(imageConfig(pause!, "abc", "amd64"), {
    architecture: "amd64",
    os: "linux",
    config: pause!.config,
    rootfs: { type: "layers", diff_ids: ["sha256:abc"] },
  });
});
