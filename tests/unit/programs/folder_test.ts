import assert from "node:assert/strict";
import { fillFolder, merged, programsOf } from "../../programs/folder.ts";

Deno.test("merged() is where a path is on a system whose /bin is a link", () => {
  assert.deepEqual(["/bin/sh", "/sbin/ip", "/usr/bin/env", "/opt/bin/x"].map(merged), [
    ...["/usr/bin/sh", "/usr/sbin/ip", "/usr/bin/env", "/opt/bin/x"],
  ]);
});

Deno.test("programsOf() finds programs by their files, and none of others", () => {
  const found = programsOf(new Set(["/usr/bin/env"]));
  assert.deepEqual([...found.keys()].filter((name) => !/^\[|^env$/.test(name)), []);
  assert.ok(found.get("env")?.endsWith("/env"));
});

Deno.test("fillFolder() has the programs of the last time no more", () => {
  const folder = Deno.makeTempDirSync({ prefix: "scope-programs-" });
  try {
    fillFolder(folder, new Map([["old", "/bin/ls"], ["kept", "/bin/ls"]]));
    fillFolder(folder, new Map([["kept", "/bin/cat"]]));
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["kept"]);
    assert.equal(Deno.readLinkSync(`${folder}/kept`), "/bin/cat");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
