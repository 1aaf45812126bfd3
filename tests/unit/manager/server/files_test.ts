import assert from "node:assert/strict";
import { makeFiles } from "../../../../src/manager/client/files_client.ts";
import { O_PATH } from "../../../../src/manager/server/files/calls.ts";
import { openOwn } from "../../../../src/manager/server/files/calls.ts";
import { removeParts } from "../../../../src/manager/server/files/left_part.ts";
import { PartialFiles } from "../../../../src/manager/server/files/partial_files.ts";
import { FileTrouble } from "../../../../src/manager/client/target_files.ts";
import type { Chunk, FileEntry, Files, FileToWrite, WholeFile } from "../../../../src/manager/client/target_files.ts";
import { until } from "../../../cluster/wait.ts";
import { besideTarget } from "../client_of_target.ts";
import { kill } from "../manager_process.ts";
import type { TestManager } from "../manager_process.ts";
import type { FakeTarget } from "../target.ts";
import { makeDirectory, makeLink } from "./write_one.ts";

const { signal } = new AbortController();

interface World {
  target: FakeTarget;
  manager: TestManager;
  files: Files;
  /** Breaks the connection, as when the client is killed. */
  breakOff(): PromiseLike<void>;
}

function withFiles(name: string, test: (world: World) => Promise<void>): void {
  besideTarget(name, async ({ target, manager, connection }) => {
    const { podUid, containerId } = target;
    const translate = (error: unknown) => Promise.resolve(error);
    const files = makeFiles({ connection, target: { podUid, containerId }, translate });
    await test({ target, manager, files, breakOff: () => connection[Symbol.asyncDispose]() });
  });
}

async function read(files: Files, path: string, have?: Uint8Array) {
  await using reader = files.reader(path, { signal });
  await reader.ask("", have === undefined ? undefined : [have] as unknown as AsyncIterable<Uint8Array>);
  const { from, chunks, whole } = await reader.next();
  return { from, chunks: await Array.fromAsync(chunks), whole: await whole };
}

const text = (chunks: Chunk[]) => chunks.map(({ bytes }) => new TextDecoder().decode(bytes)).join("");

async function list(files: Files, path: string, depth: "self" | "children" | "tree" = "tree") {
  const all = await Array.fromAsync(files.list(path, { depth, signal }));
  return {
    paths: all.flatMap((one) => one instanceof FileTrouble ? [] : [one.path]).toSorted(),
    troubles: all.flatMap((one) => one instanceof FileTrouble ? [`${one.path} ${one.code}`] : []).toSorted(),
    entries: all.filter((one): one is FileEntry => !(one instanceof FileTrouble)),
  };
}

async function write(
  files: Files,
  path: string,
  bytes: Uint8Array<ArrayBuffer> | string,
  more: Partial<FileToWrite> = {},
): Promise<WholeFile & { from: number }> {
  await using writer = files.writer(path, { name: "name", directory: false, signal });
  const content = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  const file = writer.file({ path: "", mode: 0o640, resume: false, ...more }, async function* (from) {
    for (let offset = from; offset < content.length; offset += 1 << 20) {
      yield { offset, bytes: content.subarray(offset, offset + (1 << 20)) };
    }
  });
  await writer.opened;
  return { ...await file.whole, from: await file.from };
}

const trouble = (code: string) => (error: unknown) => {
  assert.ok(error instanceof FileTrouble, String(error));
  assert.equal(error.code, code);
  return true;
};

withFiles("Manager.ReadFiles never reads outside of the target's root", async ({ target: { root, secret }, files }) => {
  const links = {
    absolute: secret.path,
    upwards: `../../../../../..${secret.path}`,
    shadow: "/etc/shadow",
    loop: "loop",
  };
  for (const [name, to] of Object.entries(links)) {
    Deno.symlinkSync(to, `${root}/${name}`);
    await assert.rejects(read(files, `/${name}`), FileTrouble, to);
  }
  await assert.rejects(read(files, `/../../../..${secret.path}`), trouble("ENOENT"));
  for (const magic of ["/proc/1/root", "/proc/self/root", "/proc/self/cwd"]) {
    await assert.rejects(read(files, `${magic}${secret.path}`), FileTrouble);
  }
  assert.equal(text((await read(files, "/etc/../../../etc/passwd")).chunks), "chief:x:0:0::/:/bin/sh\n");
  // Below a directory no symlink is followed, not even one that stays inside.
  Deno.symlinkSync("etc", `${root}/inside`);
  await using reader = files.reader("/", { signal });
  await reader.ask("inside/passwd");
  await assert.rejects(reader.next(), trouble("ELOOP"));
  await reader.ask("../etc/passwd");
  await assert.rejects(reader.next(), trouble("EXDEV"));
  await reader.ask("etc/passwd");
  assert.equal(text(await Array.fromAsync((await reader.next()).chunks)), "chief:x:0:0::/:/bin/sh\n");
});

withFiles(
  "Manager.WriteFiles never writes outside of the target's root",
  async ({ target: { root, secret }, files }) => {
    const outside = secret.path.replace(/\/[^/]+$/, "");
    const before = [...Deno.readDirSync(outside)].map(({ name }) => name).toSorted();
    Deno.symlinkSync(outside, `${root}/absolute`);
    Deno.symlinkSync(`../../../../../..${outside}`, `${root}/upwards`);
    Deno.symlinkSync(secret.path, `${root}/file`);
    for (
      const path of [
        "/absolute/new",
        "/upwards/new",
        "/file",
        `/../../..${outside}/new`,
        `/proc/self/root${outside}/new`,
      ]
    ) {
      await assert.rejects(write(files, path, "bad"), FileTrouble, path);
    }
    await using writer = files.writer("/etc", { name: "", directory: true, signal });
    Deno.symlinkSync("/", `${root}/etc/up`);
    for (const path of ["../new", "up/new", "/new", "a/../../new", "."]) {
      const file = writer.file({ path, mode: 0o644, resume: false }, async function* () {});
      await assert.rejects(file.whole, FileTrouble, path);
      await assert.rejects(makeLink(writer, { path, to: "x" }), FileTrouble, path);
      await assert.rejects(
        makeDirectory(writer, { path, mode: 0o755, modifiedNs: 0n, finish: false }),
        FileTrouble,
        path,
      );
    }
    assert.deepEqual([...Deno.readDirSync(outside)].map(({ name }) => name).toSorted(), before);
    assert.equal(Deno.readTextFileSync(secret.path), secret.text);
    assert.deepEqual([...Deno.readDirSync(root)].map(({ name }) => name).toSorted(), [
      ...["absolute", "dev", "etc", "file", "proc", "upwards"],
    ]);
  },
);

withFiles(
  "Manager.WriteFiles puts a whole file in its place, with mode and time",
  async ({ target: { root }, files }) => {
    const whole = await write(files, "/etc/new", "content", { modifiedNs: 1_580_702_706_500_000_000n });
    assert.deepEqual(whole, {
      sizeBytes: 7,
      sha256: "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73",
      from: 0,
    });
    const { mode, mtime } = Deno.statSync(`${root}/etc/new`);
    assert.deepEqual([mode! & 0o7777, mtime?.toISOString()], [0o640, "2020-02-03T04:05:06.500Z"]);
    // Into an existing directory: by the source's name. Through a symlink: to its target.
    await write(files, "/etc", "named");
    Deno.symlinkSync("/etc/behind", `${root}/link`);
    await write(files, "/link", "behind");
    assert.equal(
      Deno.readTextFileSync(`${root}/etc/name`) + Deno.readTextFileSync(`${root}/etc/behind`),
      "namedbehind",
    );
    assert.deepEqual((await list(files, "/etc")).paths, ["", "behind", "name", "new", "passwd"], "and no part is left");
  },
);

withFiles("Manager.WriteFiles says what is in the way", async ({ target: { root }, files }) => {
  Deno.mkdirSync(`${root}/etc/directory`);
  await new Deno.Command("mkfifo", { args: [`${root}/etc/pipe`] }).output();
  await assert.rejects(write(files, "/none/x", ""), trouble("ENOENT"));
  await assert.rejects(write(files, "/etc/none/", ""), trouble("ENOENT"));
  await assert.rejects(write(files, "/etc/passwd/x", ""), trouble("ENOTDIR"));
  await assert.rejects(write(files, "/etc/pipe", ""), trouble("ENOTREG"));
  await assert.rejects(read(files, "/etc/pipe"), trouble("ENOTREG"));
  await assert.rejects(read(files, "/etc/directory"), trouble("EISDIR"));
  await assert.rejects(read(files, "/etc/a\0b"), trouble("EINVAL"));
  await using writer = files.writer("/etc", { name: "", directory: true, signal });
  await assert.rejects(makeLink(writer, { path: "directory", to: "x" }), FileTrouble);
  const inTheWay = writer.file({ path: "directory", mode: 0o644, resume: false }, async function* () {});
  await assert.rejects(inTheWay.whole, trouble("EISDIR"));
  // The writer continues after the error.
  assert.equal(await makeDirectory(writer, { path: "more", mode: 0o755, modifiedNs: 0n, finish: false }), true);
});

withFiles(
  "Manager.WriteFiles takes nothing for whole that cannot be read to its end here",
  async ({ target: { root }, files }) => {
    await using writer = files.writer("/etc", { name: "", directory: true, signal });
    const broken = writer.file({ path: "broken", mode: 0o644, resume: false }, async function* () {
      yield { offset: 0, bytes: new Uint8Array(10) };
      throw new Deno.errors.NotFound("gone");
    });
    await assert.rejects(broken.whole, Deno.errors.NotFound);
    await broken.sent;
    const next = writer.file({ path: "next", mode: 0o644, resume: false }, async function* () {});
    assert.equal((await next.whole).sizeBytes, 0);
    assert.deepEqual([...Deno.readDirSync(`${root}/etc`)].map(({ name }) => name).toSorted(), ["next", "passwd"]);
  },
);

withFiles("Manager.ReadFiles sends what the client does not have", async ({ target: { root }, files }) => {
  const content = new TextEncoder().encode("0123456789");
  Deno.writeFileSync(`${root}/etc/file`, content);
  const rest = await read(files, "/etc/file", content.subarray(0, 4));
  assert.deepEqual([rest.from, text(rest.chunks), rest.whole.sizeBytes], [4, "456789", 10]);
  const other = await read(files, "/etc/file", new TextEncoder().encode("012x"));
  assert.deepEqual([other.from, text(other.chunks)], [0, "0123456789"]);
  const more = await read(files, "/etc/file", new TextEncoder().encode("0123456789abc"));
  assert.deepEqual([more.from, text(more.chunks)], [0, "0123456789"]);
  const all = await read(files, "/etc/file", content);
  assert.deepEqual([all.from, text(all.chunks), all.whole.sha256], [10, "", rest.whole.sha256]);
});

withFiles("Manager.ReadFiles and WriteFiles leave holes out", async ({ target: { root }, files }) => {
  using file = Deno.openSync(`${root}/etc/sparse`, { write: true, create: true });
  file.truncateSync(64 << 20);
  file.seekSync(32 << 20, Deno.SeekMode.Start);
  file.writeSync(new TextEncoder().encode("middle"));
  const { chunks, whole } = await read(files, "/etc/sparse");
  assert.equal(whole.sizeBytes, 64 << 20);
  assert.ok(chunks.length === 1 && chunks[0]!.offset === 32 << 20 && chunks[0]!.bytes.length <= 1 << 16);
  await using writer = files.writer("/etc/copy", { name: "", directory: false, signal });
  const written = writer.file({ path: "", mode: 0o644, resume: false }, async function* () {
    yield* chunks;
    yield { offset: 64 << 20, bytes: new Uint8Array() };
  });
  assert.deepEqual(await written.whole, whole);
  const { size, blocks } = Deno.statSync(`${root}/etc/copy`);
  assert.ok(size === 64 << 20 && blocks! < 1000, `${size} ${blocks}`);
});

withFiles(
  "Manager.ListFiles tells of names that are no text, and leaves file systems of the kernel out",
  async ({ target: { root, pid }, files }) => {
    await new Deno.Command("sh", {
      args: ["-c", 'mkdir "$1/etc/$(printf "x\\377")" && touch "$1/etc/$(printf "x\\377")/in"', "sh", root],
    })
      .output();
    const { paths, troubles } = await list(files, "/");
    assert.deepEqual(paths, ["", "dev", "etc", "etc/passwd"]);
    assert.deepEqual(troubles, ["etc/x\ufffd EILSEQ", "proc EPSEUDO"]);
    assert.equal((await list(files, "/proc/self", "self")).paths.length, 1, "though who asks for it gets it");
    assert.match(text((await read(files, `/proc/${pid}/status`)).chunks), /^Name:\t/);
  },
);

withFiles("Manager.FindInode finds every name of an inode", async ({ target: { root }, files }) => {
  Deno.linkSync(`${root}/etc/passwd`, `${root}/dev/other`);
  const inode = BigInt(Deno.statSync(`${root}/etc/passwd`).ino!);
  const found = (await Array.fromAsync(files.findInode(inode, signal))).flatMap((one) => "layers" in one ? [one] : []);
  assert.deepEqual(found.map(({ path }) => path).toSorted(), ["/dev/other", "/etc/passwd"]);
  assert.deepEqual(found[0]?.layers, []);
});

withFiles(
  "Manager.WriteFiles keeps what a client that is gone left, for who comes back, until the manager ends",
  async (world) => {
    const { target: { root }, files, manager, breakOff } = world, part = `${root}/etc/.big.scope-part`;
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const content = new Uint8Array(3 << 20).map((_, at) => bytes[at % 60_000]!);
    const sizeOf = () => Deno.statSync(part).size;
    const writer = files.writer("/etc/big", { name: "", directory: false, signal });
    const never = Promise.withResolvers<void>();
    writer.file({ path: "", mode: 0o644, resume: true, sizeBytes: content.length }, async function* () {
      for (const offset of [0, 1 << 20]) yield { offset, bytes: content.subarray(offset, offset + (1 << 20)) };
      await never.promise;
    });
    await until("the part to be there", 20, () => exists(part) && sizeOf() === 2 << 20);
    await using again = await manager.connect();
    const { podUid, containerId } = world.target;
    const more = makeFiles({
      connection: again,
      target: { podUid, containerId },
      translate: (error) => Promise.resolve(error),
    });
    // The first client is still connected: this one waits until it is gone.
    const writing = write(more, "/etc/big", content, { resume: true, sizeBytes: content.length });
    writing.catch(() => {});
    await write(more, "/etc/small", content.subarray(0, 1));
    await breakOff();
    const whole = await writing;
    assert.equal(whole.from, 2 << 20);
    assert.deepEqual(Deno.readFileSync(`${root}/etc/big`), content);
    assert.ok(!exists(part));
    // Interrupted once more, and the manager ends.
    const last = more.writer("/etc/other", { name: "", directory: false, signal });
    last.file({ path: "", mode: 0o644, resume: false }, async function* () {
      yield { offset: 0, bytes: content.subarray(0, 100) };
      await never.promise;
    });
    const left = `${root}/etc/.other.scope-part`;
    await until("the part to be there", 20, () => exists(left));
    await again[Symbol.asyncDispose]();
    kill(manager.child.pid, "SIGTERM");
    await manager.child.status;
    assert.ok(!exists(left));
  },
);

withFiles("Manager.ReadFiles lets go of a file with a huge hole when its client is gone", async (world) => {
  const { target: { root }, files, manager: { child }, breakOff } = world, path = `${root}/etc/huge`;
  Deno.writeTextFileSync(path, "");
  Deno.truncateSync(path, 4 * 2 ** 40);
  const isHeld = () =>
    [...Deno.readDirSync(`/proc/${child.pid}/fd`)].some(({ name }) => linkOf(`/proc/${child.pid}/fd/${name}`) === path);
  await using reader = files.reader("/etc/huge", { signal });
  await reader.ask("");
  const { whole } = await reader.next();
  whole.catch(() => {});
  assert.ok(isHeld());
  await breakOff();
  await until("the manager to close the file", 20, () => !isHeld());
});

Deno.test("Parts.keep() removes what nobody came back for, and leaves what is another file by now", async () => {
  const directory = Deno.makeTempDirSync({ prefix: "scope-parts-" });
  try {
    const parts = new PartialFiles(removeParts, { keepMs: 100, checkMs: 20 });
    const inodeOf = (name: string) => BigInt(Deno.statSync(`${directory}/${name}`).ino!);
    const keep = (name: string) => {
      Deno.writeTextFileSync(`${directory}/${name}`, "x");
      parts.keep({ directory: openOwn(directory, O_PATH), name, inode: inodeOf(name), pid: Deno.pid });
    };
    // The inode number may have been reused, for example by a device, which is never opened.
    new Deno.Command("mkfifo", { args: [`${directory}/device`] }).outputSync();
    parts.keep({ directory: openOwn(directory, O_PATH), name: "device", inode: inodeOf("device"), pid: Deno.pid });
    for (const name of ["old", "replaced", "resumed", "written"]) keep(name);
    Deno.renameSync(`${directory}/replaced`, `${directory}/elsewhere`);
    Deno.writeTextFileSync(`${directory}/replaced`, "new");
    parts.forget(inodeOf("resumed"), "resumed");
    using written = Deno.openSync(`${directory}/written`);
    written.lockSync(true);
    await until("the old part to be gone", 10, () => !exists(`${directory}/old`));
    const held = () =>
      [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => linkOf(`/proc/self/fd/${name}`) === directory);
    await until("the directories of all parts to be closed", 10, () => held().length === 0);
    const left = ["replaced", "resumed", "elsewhere", "written", "device"];
    assert.deepEqual(left.map((name) => exists(`${directory}/${name}`)), [true, true, true, true, true]);
    assert.deepEqual(parts.takeAll(), []);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

function linkOf(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined; // the descriptor was closed meanwhile
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
