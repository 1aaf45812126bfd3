import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFiles } from "../../../../src/features/files/copy_files.ts";
import type { Event } from "../../../../src/event.ts";
import { FileTrouble } from "../../../../src/manager/client/target_files.ts";
import type { Files } from "../../../../src/manager/client/target_files.ts";
import { makeFiles } from "../../../../src/manager/client/files_client.ts";
import { targetClientOf } from "../../target_client.ts";
import { besideTarget } from "../client_of_target.ts";

const { signal } = new AbortController();

interface World {
  files: Files;
  root: string;
  /** Local directory. */
  local: string;
  /** Number of copy messages sent to the manager and received from it. */
  messages: { sent: number; received: number };
  copy(direction: "in" | "out", remote: string, local: string): Promise<Event[]>;
}

function withWorld(name: string, test: (world: World) => Promise<void>): void {
  besideTarget(name, async ({ target, connection }) => {
    const local = Deno.makeTempDirSync({ prefix: "scope-many-" });
    const messages = { sent: 0, received: 0 };
    async function* counted<T>(count: keyof typeof messages, from: AsyncIterable<T>): AsyncIterable<T> {
      for await (const one of from) {
        messages[count]++;
        yield one;
      }
    }
    const { writeFiles, readFiles } = connection.calls;
    const calls: typeof connection.calls = {
      ...connection.calls,
      writeFiles: (requests, options) =>
        counted("received", writeFiles(counted("sent", requests as AsyncIterable<never>), options)),
      readFiles: (requests, options) =>
        counted("received", readFiles(counted("sent", requests as AsyncIterable<never>), options)),
    };
    const { podUid, containerId } = target;
    const translate = (error: unknown) => Promise.resolve(error);
    const files = makeFiles({ connection: { ...connection, calls }, target: { podUid, containerId }, translate });
    const client = { ...targetClientOf().client, files };
    const copy = (direction: "in" | "out", remote: string, local: string) =>
      Array.fromAsync(copyFiles(
        client,
        { direction, remote, local, follow: false },
        { signal, notice() {}, progress: false, terminate: false },
      ));
    try {
      await test({ files, root: target.root, local, messages, copy });
    } finally {
      Deno.removeSync(local, { recursive: true });
    }
  });
}

/**
 * Returns the entries of a directory with modes, times to the millisecond, symlinks and hashes. Never blocks, so that
 * heartbeats continue.
 */
async function contentOf(directory: string, below = ""): Promise<string[]> {
  const lines: string[] = [];
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`, shown = `${below}/${name}`, { mode, mtime } = await Deno.lstat(path);
    if (isSymlink) lines.push(`${shown} -> ${await Deno.readLink(path)}`);
    else {
      const content = isDirectory ? "" : createHash("sha256").update(await Deno.readFile(path)).digest("hex");
      lines.push(`${shown} ${mode} ${mtime?.getTime()} ${content}`);
      if (isDirectory) lines.push(...await contentOf(path, shown));
    }
  }
  return lines.toSorted();
}

const types = (events: Event[]) => {
  const count = (type: Event["type"]) => events.filter((event) => event.type === type).length;
  return { files: count("cp.file"), failed: count("failed") };
};

withWorld("copyFiles() carries many small files in few messages, and loses none", async (world) => {
  const { local, root, messages, copy } = world, tree = `${local}/tree`;
  // 2,000 files in 100 directories, and some that are large enough to be sent separately.
  for (let directory = 0; directory < 100; directory++) {
    await Deno.mkdir(`${tree}/${directory}/empty`, { recursive: true });
    for (let file = 0; file < 20; file++) {
      await Deno.writeTextFile(`${tree}/${directory}/${file}`, `${directory} ${file}`);
    }
    await Deno.symlink(`${directory}`, `${tree}/${directory}/link`);
  }
  for (const [at, size] of [0, 4096, 65_536, 65_537, 3 << 20].entries()) {
    const bytes = new Uint8Array(size);
    for (let from = 0; from < size; from += 65_536) crypto.getRandomValues(bytes.subarray(from, from + 65_536));
    Deno.writeFileSync(`${tree}/${at * 7}/of ${size}`, bytes, { mode: 0o750 });
  }
  assert.deepEqual(types(await copy("in", "/etc/tree", tree)), { files: 2005, failed: 0 });
  assert.deepEqual(await contentOf(`${root}/etc/tree`), await contentOf(tree));
  assert.ok(messages.sent < 60 && messages.received < 60, JSON.stringify(messages));
  messages.sent = messages.received = 0;
  assert.deepEqual(types(await copy("out", "/etc/tree", `${local}/back`)), { files: 2005, failed: 0 });
  assert.deepEqual(await contentOf(`${local}/back`), await contentOf(tree));
  assert.ok(messages.sent < 60 && messages.received < 60, JSON.stringify(messages));
  // Existing files are not written again.
  const inodeOf = () => Deno.statSync(`${local}/back/1/1`).ino, before = inodeOf();
  const again = await copy("out", "/etc/tree/.", `${local}/back`);
  assert.deepEqual(types(again), { files: 2005, failed: 0 });
  assert.equal(again.findLast((event) => event.type === "cp.summary")?.copiedBytes, 0);
  assert.equal(inodeOf(), before);
});

withWorld("copyFiles() tells what fails for one of a batch, and copies the others", async ({ local, root, copy }) => {
  const tree = `${local}/tree`;
  Deno.mkdirSync(tree);
  for (const name of ["a", "b", "c"]) Deno.writeTextFileSync(`${tree}/${name}`, name);
  Deno.mkdirSync(`${root}/etc/tree/b`, { recursive: true });
  const into = await copy("in", "/etc", tree);
  assert.deepEqual(into.flatMap((event) => event.type === "failed" ? [[event.subject, event.reason]] : []), [
    ["b", "it is a directory"],
  ]);
  assert.equal(Deno.readTextFileSync(`${root}/etc/tree/c`), "c");
  Deno.mkdirSync(`${local}/back/c`, { recursive: true });
  Deno.removeSync(`${root}/etc/tree/b`);
  Deno.writeTextFileSync(`${root}/etc/tree/b`, "b");
  const out = await copy("out", "/etc/tree/.", `${local}/back`);
  assert.deepEqual(out.flatMap((event) => event.type === "failed" ? [event.subject] : []), ["c"]);
  assert.deepEqual([...Deno.readDirSync(`${local}/back`)].map(({ name }) => name).toSorted(), ["a", "b", "c"]);
  assert.equal(Deno.readTextFileSync(`${local}/back/b`), "b");
});

withWorld("FileReader.nextBatch() says which files do not fit into it", async ({ files, root }) => {
  Deno.writeTextFileSync(`${root}/etc/small`, "small");
  Deno.writeFileSync(`${root}/etc/large`, new Uint8Array((1 << 20) - 4));
  await using reader = files.reader("/", { signal });
  reader.askBatch(["etc/small", "etc/large", "none", "proc/version", "etc/small"].map((path) => ({ path })));
  const [small, large, none, kernel, again] = await reader.nextBatch();
  assert.ok(typeof small === "object" && "chunks" in small && typeof again === "object" && "chunks" in again);
  assert.equal(new TextDecoder().decode((await Array.fromAsync(again.chunks))[0]?.bytes), "small");
  assert.deepEqual([large, kernel], ["tooLarge", "tooLarge"]);
  assert.ok(none instanceof FileTrouble && none.code === "ENOENT");
});
