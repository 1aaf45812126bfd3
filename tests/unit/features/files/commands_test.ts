import assert from "node:assert/strict";
import { cp } from "../../../../src/features/files/cp_command.ts";
import { fs } from "../../../../src/features/files/fs_command.ts";
import { run } from "../../../../src/features/files/run_cp.ts";
import { ScopeError } from "../../../../src/errors.ts";
import type { Event } from "../../../../src/event.ts";
import { FileTrouble } from "../../../../src/manager/client/target_files.ts";
import type { FileEntry } from "../../../../src/manager/client/target_files.ts";
import type { RawOptions } from "../../../../src/options.ts";
import { worldOf } from "../world.ts";

const time = "2026-01-01T00:00:00.000Z";
const file: Event = { type: "cp.file", time, path: "a", sizeBytes: 1, sha256: "00", durationMs: 1 };
const summary: Event = {
  ...{
    type: "cp.summary",
    time,
    source: "a",
    destination: "b",
    files: 1,
    copiedBytes: 1,
    durationMs: 1,
    bytesPerSecond: 1,
  },
};

async function copying(globals: RawOptions, args: string[], options: RawOptions = {}) {
  const { context, did, ports } = worldOf({ globals, debugPods: [file, summary] });
  await run(context, cp.plan(options, args, context.options), ports.copyFiles);
  return { entered: did.entered[0], needs: did.needs[0], request: did.copiedFiles[0], events: did.events };
}

for (
  const [globals, args, entered] of [
    [{ pod: "web" }, [":/x", "."], { pod: "web" }],
    [{ pod: "web", container: "app" }, ["other:/x", "."], { pod: "other", container: "app" }],
    [{ selector: "a=b" }, [":/x", "."], { selector: "a=b" }],
    [{ selector: "a=b" }, ["./x", "shop/web:/x"], { pod: "web", namespace: "shop" }],
  ] as [RawOptions, string[], unknown][]
) {
  Deno.test(`cp ${args.join(" ")} with ${JSON.stringify(globals)} goes beside the pod that is nearest`, async () => {
    const copied = await copying(globals, args);
    assert.deepEqual([copied.entered, copied.needs], [entered, { files: "all" }]);
  });
}

Deno.test("cp says what is copied where, and which way", async () => {
  const out = await copying({ pod: "web" }, [":/x y", "-"], { follow: true });
  assert.deepEqual(out.request, { direction: "out", remote: "/x y", local: "-", follow: true });
  const into = await copying({}, ["a:b/../c", "web:relative"]).catch((error) => error.message);
  assert.equal(into, "Both sides are in a pod");
  const relative = await copying({}, ["./a:b", "web:relative"]);
  assert.deepEqual(relative.request, { direction: "in", remote: "relative", local: "./a:b", follow: false });
});

Deno.test("cp tells of single files in JSON and with -v only", async () => {
  const types = async (globals: RawOptions) =>
    (await copying({ pod: "web", ...globals }, [":/x", "."])).events.map(({ type }) => type);
  assert.deepEqual(await types({}), ["cp.summary"]);
  assert.deepEqual(await types({ verbose: true }), ["cp.file", "cp.summary"]);
  assert.deepEqual(await types({ output: "json" }), ["cp.file", "cp.summary"]);
});

for (
  const [args, message] of [
    [[], "No action specified"],
    [["rm", "/x"], 'Command "fs" cannot "rm"'],
    [["toString"], 'Command "fs" cannot "toString"'],
    [["cat"], "No file specified"],
    [["find"], 'Command "fs find" takes one inode number, got none'],
    [["find", "1", "2"], 'Command "fs find" takes one inode number, got 2'],
    [["find", "/etc"], 'Inode cannot be "/etc"'],
  ] as [string[], string][]
) {
  Deno.test(`fs refuses ${JSON.stringify(args)} before it goes anywhere`, async () => {
    const { context, did } = worldOf({ globals: { pod: "web" } });
    await assert.rejects(async () => await fs.run(context, {}, args), (error) => {
      assert.ok(error instanceof ScopeError);
      assert.deepEqual([error.kind, error.message], ["usage", message]);
      return true;
    });
    assert.deepEqual(did.entered, []);
  });
}

const entry = (path: string, kind: FileEntry["kind"] = "file"): FileEntry => ({
  ...{ path, kind, sizeBytes: 1, mode: 0o644, modifiedNs: 0n, uid: 0, gid: 0, owner: "root", group: "" },
  ...{ inode: 2n ** 60n + 1n, allocatedBytes: 0 },
});

async function listing(paths: string[], options: RawOptions, ...entries: (FileEntry | FileTrouble)[]) {
  const { context, did, place } = worldOf({ globals: { pod: "web" } });
  place.seen.files = {
    async *list() {
      yield* entries;
    },
  };
  await fs.run(context, options, ["ls", ...paths]);
  return did.events.map((event) => event.type === "fs.entry" ? event.path : event.type === "failed" && event.subject);
}

Deno.test("fs ls shows names as ls does: below the directory's path where there are several", async () => {
  const directory = [entry("", "directory"), entry("a"), entry(".b"), new FileTrouble("c", "EACCES")];
  assert.deepEqual(await listing(["/x"], {}, ...directory), ["a", "/x/c"]);
  assert.deepEqual(await listing(["/x"], { all: true }, ...directory), ["a", ".b", "/x/c"]);
  assert.deepEqual(await listing(["/x", "/"], {}, entry("", "directory"), entry("a")), ["/x/a", "/a"]);
  assert.deepEqual(await listing(["/x"], { recursive: true }, ...directory, entry("d/e")), ["/x/a", "/x/c", "/x/d/e"]);
  assert.deepEqual(await listing(["/x"], {}, entry("")), ["/x"], "a file itself");
});

Deno.test("fs ls tells inodes as they are, larger than a number of JSON", async () => {
  const { context, did, place } = worldOf({ globals: { pod: "web" } });
  place.seen.files = {
    async *list() {
      yield entry("", "directory");
      yield entry("a");
    },
  };
  await fs.run(context, {}, ["ls", "/"]);
  const [event] = did.events;
  assert.ok(event?.type === "fs.entry");
  assert.deepEqual([event.inode, event.mode, event.modified, event.owner, event.group], [
    ...["1152921504606846977", "0644", "1970-01-01T00:00:00.000Z", "root", undefined],
  ]);
});

Deno.test("fs find says on which paths the inode is, and that there is none", async () => {
  const { context, did, place } = worldOf({ globals: { pod: "web" } });
  place.seen.files = {
    async *findInode() {
      yield { seen: 3 };
      yield { path: "/a/b", kind: "file", layers: [{ directory: "/up", upper: true, sameInode: true }] };
    },
  };
  assert.equal(await fs.run(context, {}, ["find", "7"]), 0);
  const [event] = did.events;
  assert.ok(event?.type === "fs.inode");
  assert.deepEqual([event.inode, event.layers[0]?.nodePath], ["7", "/up/a/b"]);
  place.seen.files = {};
  await assert.rejects(async () => await fs.run(context, {}, ["find", "7"]), /Cannot find inode 7 in "shop\/web:app"/);
});
