import assert from "node:assert/strict";
import { fillDirectory, merged, programsOf } from "../../programs/directory.ts";

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

Deno.test("fillDirectory() has the programs of the last time no more", () => {
  const directory = Deno.makeTempDirSync({ prefix: "scope-programs-" });
  try {
    fillDirectory(directory, new Map([["old", "/bin/ls"], ["kept", "/bin/ls"]]));
    fillDirectory(directory, new Map([["kept", "/bin/cat"]]));
    assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["kept"]);
    assert.equal(Deno.readLinkSync(`${directory}/kept`), "/bin/cat");
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
