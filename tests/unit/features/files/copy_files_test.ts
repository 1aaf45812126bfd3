import assert from "node:assert/strict";
import { copyFiles } from "../../../../src/features/files/copy_files.ts";
import { dataRuns } from "../../../../src/features/files/local_file.ts";
import { isSafe } from "../../../../src/features/files/local_directories.ts";
import { localTree } from "../../../../src/features/files/local_tree.ts";
import type { Event } from "../../../../src/event.ts";
import { FileTrouble } from "../../../../src/manager/client/target_files.ts";
import type { FileEntry, FileReader, ReadingFile } from "../../../../src/manager/client/target_files.ts";
import { targetClientOf } from "../../target_client.ts";

function entry(path: string, kind: FileEntry["kind"], more: Partial<FileEntry> = {}): FileEntry {
  return {
    ...{ path, kind, sizeBytes: kind === "file" ? 3 : 0, mode: 0o6755, modifiedNs: 1_000_000_000n, uid: 0, gid: 0 },
    ...{ owner: "", group: "", inode: 1n, allocatedBytes: 4096 },
    ...more,
  };
}

/** Copies a directory with these entries out of a pod that sends the bytes `bad` for every file. */
async function copyOut(local: string, entries: (FileEntry | FileTrouble)[]): Promise<Event[]> {
  const { client, seen } = targetClientOf();
  const requested: string[][] = [];
  const answer = (path: string): ReadingFile => {
    const whole = Promise.resolve({ sizeBytes: 3, sha256: "00" });
    async function* chunks() {
      yield { offset: 0, bytes: new TextEncoder().encode("bad") };
    }
    const listed = entries.find((one) => one.path === path && !(one instanceof FileTrouble)) as FileEntry | undefined;
    return { entry: listed ?? entry(path, "file"), from: 0, chunks: chunks(), whole };
  };
  const reader: FileReader = {
    ask: (path) => Promise.resolve(void requested.push([path])),
    next: () => Promise.resolve(answer(requested.shift()![0]!)),
    askBatch: (files) => void requested.push(files.map(({ path }) => path)),
    nextBatch: () => Promise.resolve(requested.shift()!.map(answer)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  async function* list() {
    yield entry("", "directory");
    yield* entries;
  }
  seen.files = { list, reader: () => reader };
  const options = { signal: new AbortController().signal, notice() {}, progress: false, terminate: false };
  const request = { direction: "out" as const, remote: "/x", local, follow: false };
  return await Array.fromAsync(copyFiles(client, request, options));
}

const failures = (events: Event[]) => events.flatMap((event) => event.type === "failed" ? [event.subject] : []);

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync({ prefix: "scope-copy-" });
  try {
    await test(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("copyFiles() writes nothing outside its destination, whatever names a target tells", () =>
  inDirectory(async (directory) => {
    const names = ["../out", "..", "a/../../out", "/abs", "a//b", "./c", ".", "a/", "x\0y", "none/below"];
    const entries = names.map((name) => entry(name, "file"));
    const events = await copyOut(`${directory}/dst`, [
      entry("../dir", "directory"),
      entry("../link", "symlink"),
      ...entries,
    ]);
    assert.deepEqual(failures(events), ["../dir", "../link", ...names]);
    assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["dst"]);
    assert.deepEqual([...Deno.readDirSync(`${directory}/dst`)], []);
  }));

Deno.test("copyFiles() keeps the times of files and directories, to the millisecond", () =>
  inDirectory(async (directory) => {
    const times = Array.from({ length: 100 }, (_, at) => Date.UTC(2026, 10, 21) + at * 1_234_567 + at);
    const entries = times.flatMap((time, at) => {
      const modifiedNs = BigInt(time) * 1_000_000n + 999_999n;
      return [entry(`directory${at}`, "directory", { modifiedNs }), entry(`file${at}`, "file", { modifiedNs })];
    });
    assert.deepEqual(failures(await copyOut(`${directory}/dst`, entries)), []);
    for (const kind of ["directory", "file"]) {
      const kept = times.map((_, at) => Deno.statSync(`${directory}/dst/${kind}${at}`).mtime?.getTime());
      assert.deepEqual(kept, times, kind);
    }
  }));

Deno.test("copyFiles() makes links last, and follows none of those that the target tells of", () =>
  inDirectory(async (directory) => {
    Deno.mkdirSync(`${directory}/outside`);
    const events = await copyOut(`${directory}/dst`, [
      entry("a", "symlink", { link: `${directory}/outside` }),
      entry("a/b", "file"),
      entry("c", "file"),
      entry("c", "symlink", { link: "/etc/passwd" }),
    ]);
    assert.deepEqual(failures(events), ["a/b"]);
    assert.deepEqual([...Deno.readDirSync(`${directory}/outside`)], []);
    assert.equal(Deno.readLinkSync(`${directory}/dst/c`), "/etc/passwd");
  }));

Deno.test("copyFiles() does not follow a link that stands where a directory or a part is to be written", () =>
  inDirectory(async (directory) => {
    const dst = `${directory}/dst`;
    Deno.mkdirSync(`${directory}/outside`);
    Deno.writeTextFileSync(`${directory}/victim`, "old");
    Deno.mkdirSync(`${dst}/x`, { recursive: true });
    Deno.symlinkSync(`${directory}/outside`, `${dst}/x/a`);
    Deno.symlinkSync(`${directory}/victim`, `${dst}/x/.f.scope-part`);
    Deno.symlinkSync(`${directory}/victim`, `${dst}/x/f`);
    const events = await copyOut(dst, [entry("a", "directory"), entry("a/b", "file"), entry("f", "file")]);
    assert.deepEqual(failures(events), ["a", "a/b"]);
    assert.deepEqual([...Deno.readDirSync(`${directory}/outside`)], []);
    assert.deepEqual([Deno.readTextFileSync(`${directory}/victim`), Deno.readTextFileSync(`${dst}/x/f`)], [
      "old",
      "bad",
    ]);
    assert.equal(Deno.lstatSync(`${dst}/x/f`).mode! & 0o7777, 0o755, "without set-uid bits");
  }));

Deno.test("isSafe() takes plain names below only", () => {
  assert.ok(["a", "a/b", "...", "a b/-c", ".hidden"].every(isSafe));
  assert.ok(!["", "/", "..", "a/..", "a//b", "/a", "a/", "a/./b", "\0"].some(isSafe));
});

Deno.test("dataRuns() leaves out blocks of zeros", () => {
  const block = 64 * 1024, bytes = new Uint8Array(4 * block + 10);
  assert.deepEqual(dataRuns(bytes), []);
  bytes[block] = bytes[3 * block - 1] = bytes[4 * block + 9] = 1;
  assert.deepEqual(dataRuns(bytes), [{ start: block, end: 3 * block }, { start: 4 * block, end: 4 * block + 10 }]);
});

Deno.test("copyFiles() tells what it leaves out because it has the name of an unfinished copy", () =>
  inDirectory(async (directory) => {
    const events = await copyOut(`${directory}/dst`, [
      entry("a", "file"),
      entry(".a.scope-part", "file"),
      entry(".b.scope-part", "directory"),
      entry(".b.scope-part/c", "file"),
    ]);
    assert.deepEqual(failures(events), [".a.scope-part"]);
    assert.deepEqual(Deno.readTextFileSync(`${directory}/dst/.b.scope-part/c`), "bad");
    Deno.writeTextFileSync(`${directory}/dst/.a.scope-part`, "mine");
    const tree = await Array.fromAsync(localTree(`${directory}/dst`, false));
    assert.deepEqual(tree.map((one) => one instanceof FileTrouble ? `${one.path} ${one.code}` : one.path), [
      ...["", ".a.scope-part EPART", ".b.scope-part", ".b.scope-part/c", "a"],
    ]);
    const named = await Array.fromAsync(localTree(`${directory}/dst/.a.scope-part`, false));
    assert.equal(named.length, 1, "and copies it by itself");
  }));

Deno.test("copyFiles() makes files and directories here as any program would: by the umask, and with the set-gid bit", () =>
  inDirectory(async (directory) => {
    const mode = (path: string) => Deno.lstatSync(`${directory}/${path}`).mode! & 0o7777;
    Deno.mkdirSync(`${directory}/dst`);
    Deno.chmodSync(`${directory}/dst`, 0o2755);
    const open = { mode: 0o777 }, closed = { mode: 0o555 };
    const before = Deno.umask(0o027);
    try {
      for (let round = 0; round < 2; round++) {
        const entries = [entry("f", "file", open), entry("d", "directory", open), entry("d/e", "directory", closed)];
        assert.deepEqual(failures(await copyOut(`${directory}/dst`, [...entries, entry("d/g", "file", closed)])), []);
        assert.deepEqual(["x/f", "x/d", "x/d/e", "x/d/g"].map((path) => mode(`dst/${path}`)), [
          ...[0o750, 0o2750, 0o2550, 0o550],
        ]);
      }
    } finally {
      Deno.umask(before);
    }
  }));
