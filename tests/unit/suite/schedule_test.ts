import assert from "node:assert/strict";
import { fingerprint } from "../../suite/fingerprint.ts";
import { readResults, writeResults } from "../../suite/record.ts";
import { schedule } from "../../suite/schedule.ts";

const none = { seconds: {}, passed: {} };

Deno.test("schedule() begins with the files that take longest, and with unknown ones before short ones", () => {
  const seconds = { short: 5, long: 200 };
  assert.deepEqual(schedule(["short", "new", "long"], {}, { ...none, seconds }), {
    run: ["long", "new", "short"],
    unchanged: [],
  });
});

Deno.test("schedule() leaves out a file only if it has passed with the same sources", () => {
  const fingerprints = { faults: "1", packages: "2", lifecycle: "3" };
  const files = ["faults", "packages", "lifecycle", "other"];
  assert.deepEqual(schedule(files, fingerprints, { ...none, passed: { faults: "1", packages: "old", other: "1" } }), {
    run: ["lifecycle", "packages", "other"],
    unchanged: ["faults"],
  });
});

Deno.test("fingerprint() changes with a file's content and name, in directories too", async () => {
  const root = await Deno.makeTempDir();
  try {
    Deno.mkdirSync(`${root}/directory/deep`, { recursive: true });
    Deno.writeTextFileSync(`${root}/directory/deep/a`, "1");
    Deno.writeTextFileSync(`${root}/other`, "1");
    const before = await fingerprint(root, ["directory"]);
    Deno.writeTextFileSync(`${root}/other`, "2");
    Deno.writeTextFileSync(`${root}/directory/deep/a_test.ts`, "1");
    assert.equal(await fingerprint(root, ["directory"]), before);
    Deno.writeTextFileSync(`${root}/directory/deep/a`, "2");
    const changed = await fingerprint(root, ["directory"]);
    assert.notEqual(changed, before);
    Deno.renameSync(`${root}/directory/deep/a`, `${root}/directory/deep/b`);
    assert.notEqual(await fingerprint(root, ["directory"]), changed);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("writeResults() keeps earlier results, and readResults() takes a broken file for none", async () => {
  const directory = await Deno.makeTempDir(), path = `${directory}/tests/results.json`;
  try {
    assert.deepEqual(readResults(path), none);
    writeResults(path, { seconds: { a: 1, b: 2 }, passed: { a: "x" } });
    writeResults(path, { seconds: { b: 3 }, passed: {} });
    assert.deepEqual(readResults(path), { seconds: { a: 1, b: 3 }, passed: { a: "x" } });
    Deno.writeTextFileSync(path, "{");
    assert.deepEqual(readResults(path), none);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
