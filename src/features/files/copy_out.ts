import { joined as joinedBytes } from "../../lib/bytes.ts";
import { baseName } from "./copy_place.ts";
import type { Event } from "../../event.ts";
import { isHopeless } from "./file_trouble.ts";
import { FileTrouble } from "../../manager/client/target_files.ts";
import type { FileEntry, FileReader, ReadingFile, WholeFile } from "../../manager/client/target_files.ts";
import { ScopeError } from "../../errors.ts";
import { isPart } from "../../manager/protocol/part_name.ts";
import { batches, isSmall, together } from "./batches.ts";
import type { Copy } from "./copy_state.ts";
import { LocalFile } from "./local_file.ts";
import { isSafe, LocalDirectories, parentOf } from "./local_directories.ts";
import { ifThere, joined, localTrouble } from "./local_trouble.ts";
import { printChunks } from "./streams.ts";
import { userProcess } from "../../terminal/user_process.ts";

/** Number of files requested ahead; a batch counts as `batchWeight` files. */
const ahead = 32, batchWeight = 12;
/** Limit of entries in one copy: the list is kept in memory. */
const mostEntries = 1_000_000;

/** Copies from a pod to this machine. Yields `cp.file` and `failed`, and `cp.summary` at the end. */
export async function* copyOut(copy: Copy): AsyncIterable<Event> {
  const { request: { remote, follow }, signal, client: { files }, progress } = copy;
  const source = `${copy.place}:${remote}`;
  const { entries, troubles } = await list(copy);
  const top = entries[0]!;
  if (top.kind !== "file" && top.kind !== "directory") throw copy.error("read", "pod", remote, "ENOTREG");
  progress.state.totalFiles = entries.filter(({ kind }) => kind === "file").length;
  progress.state.totalBytes = entries.reduce((sum, { kind, sizeBytes }) => kind === "file" ? sum + sizeBytes : sum, 0);
  const destination = await destinationOf(copy, top.kind === "directory");
  await using reader = files.reader(remote, { follow, signal });
  if (destination.stream !== undefined) {
    await stream(copy, reader, destination.stream);
    return;
  }
  const directories = new LocalDirectories(destination.path);
  for (const { path, code } of troubles) yield copy.failed(path, code);

  /** Returns the event for a failed file. Throws if it is the only file, or if later files would fail in the same way. */
  const failed = async (path: string, trouble: unknown, file?: LocalFile): Promise<Event> => {
    const shown = joined(destination.path, path);
    if (!(trouble instanceof FileTrouble)) throw trouble;
    await file?.discard();
    copy.kept = undefined;
    if (top.kind === "file" || isHopeless(trouble.code)) throw copy.error("write", "local", shown, trouble.code);
    return copy.failed(path, trouble.code);
  };

  const wanted: Wanted[] = [], links: FileEntry[] = [];
  for (const entry of entries) {
    try {
      if (entry.path !== "" && !isSafe(entry.path)) throw new FileTrouble(entry.path, "ENOTSAFE");
      if (entry.kind === "directory") await directories.make(entry);
      else if (entry.kind === "symlink") links.push(entry);
      else if (entry.kind !== "file") throw new FileTrouble(entry.path, "ENOTREG");
      else wanted.push({ entry, file: await localFile(directories, destination, entry) });
    } catch (error) {
      yield await failed(entry.path, localTrouble(entry.path, error));
    }
  }
  const pending: { weight: number; events(): AsyncIterable<Event> }[] = [];
  for (const next of batches(wanted, ({ entry }) => sizeInBatch(entry))) {
    if (Array.isArray(next)) {
      const files = await together(next, async ({ entry, file }) => {
        const have = await file.have(entry).then((have) => have && Array.fromAsync(have)).catch(() => undefined);
        return { path: entry.path, ...(have === undefined ? {} : { have: joinedBytes(have) }) };
      });
      reader.askBatch(files);
      pending.push({ weight: batchWeight, events: () => receiveBatch(next) });
    } else {
      await ask(next);
      pending.push({ weight: 1, events: () => receive(next) });
    }
    yield* settle(ahead);
  }
  yield* settle(0);
  for (const entry of links) {
    try {
      await directories.link(entry);
    } catch (error) {
      yield await failed(entry.path, localTrouble(entry.path, error));
    }
  }
  await directories.finish();
  yield copy.summary(source, destination.path);

  async function* settle(most: number): AsyncIterable<Event> {
    while (pending.reduce((sum, { weight }) => sum + weight, 0) > most) yield* pending.shift()!.events();
  }

  async function ask({ entry, file }: Wanted): Promise<void> {
    // A local file that cannot be read is not used to resume the copy.
    await file.have(entry).then((have) => reader.ask(entry.path, have)).catch(() => reader.ask(entry.path));
  }

  async function* receive({ entry, file }: Wanted): AsyncIterable<Event> {
    const started = performance.now();
    progress.state.name = entry.path || baseName(remote);
    let reading: ReadingFile | undefined;
    try {
      reading = await reader.next();
      const whole = await write(file, reading);
      yield copy.file(entry.path || file.name, whole, reading.from, started);
    } catch (error) {
      if (file.kept) copy.kept = { path: file.part, forAWhile: false };
      if (signal.aborted || error instanceof ScopeError) throw error;
      const trouble = localTrouble(entry.path, error);
      if (trouble instanceof FileTrouble && reading === undefined) {
        yield unread(entry, trouble);
        return;
      }
      const event = await failed(entry.path, trouble, file);
      // Skip the remaining chunks of this file.
      try {
        for await (const _chunk of reading?.chunks ?? []);
      } catch (error) {
        if (!(error instanceof FileTrouble)) throw error;
      }
      yield event;
    }
  }

  /** Writes several files of a batch at a time, as each takes many small steps. */
  async function* receiveBatch(batch: readonly Wanted[]): AsyncIterable<Event> {
    const started = performance.now();
    progress.state.name = batch[0]!.entry.path || baseName(remote);
    const read = await reader.nextBatch();
    const written = await together([...batch.entries()], async ([at, { file }]) => {
      const reading = read[at]!;
      if (reading instanceof FileTrouble || reading === "tooLarge") return reading;
      return await write(file, reading).then((whole) => ({ whole, resumed: reading.from }), (error) => ({ error }));
    });
    signal.throwIfAborted();
    for (const [at, { entry, file }] of batch.entries()) {
      const result = written[at]!;
      if (result === "tooLarge") {
        // Requested last: its response comes after those of all earlier requests.
        await ask({ entry, file });
        pending.push({ weight: 1, events: () => receive({ entry, file }) });
      } else if (result instanceof FileTrouble) yield unread(entry, result);
      else if ("error" in result) yield await failed(entry.path, localTrouble(entry.path, result.error), file);
      else yield copy.file(entry.path || file.name, result.whole, result.resumed, started);
    }
  }

  /** Writes a local file and updates the progress. */
  async function write(file: LocalFile, reading: ReadingFile): Promise<WholeFile> {
    const { state } = progress;
    let done = 0;
    const reached = (upTo: number) => {
      state.bytes += upTo - done;
      done = upTo;
    };
    state.resumedBytes += reading.from;
    reached(reading.from);
    const whole = await file.receive(reading, reached);
    state.files++;
    reached(whole.sizeBytes);
    return whole;
  }

  function unread(entry: FileEntry, { code }: FileTrouble): Event {
    if (top.kind === "file") throw copy.error("read", "pod", remote, code);
    return copy.failed(entry.path, code);
  }
}

interface Wanted {
  entry: FileEntry;
  file: LocalFile;
}

/** Returns undefined for large files and for files with holes, which are sent alone. */
function sizeInBatch({ sizeBytes, allocatedBytes }: FileEntry): number | undefined {
  return isSmall(sizeBytes, allocatedBytes < sizeBytes) ? sizeBytes : undefined;
}

async function list(copy: Copy): Promise<{ entries: FileEntry[]; troubles: FileTrouble[] }> {
  const { request: { remote, follow }, signal, client: { files } } = copy;
  const entries: FileEntry[] = [], troubles: FileTrouble[] = [];
  try {
    for await (const entry of files.list(remote, { depth: "tree", follow, signal })) {
      if (entry instanceof FileTrouble) troubles.push(entry);
      else if (entry.path === "" || entry.kind === "directory" || !isPart(baseName(entry.path))) entries.push(entry);
      else troubles.push(new FileTrouble(entry.path, "EPART"));
      if (entries.length > mostEntries) {
        throw new ScopeError("usage", `There are more than ${mostEntries} files in "${remote}"`, {
          hint: "copy the directories in it one by one",
        });
      }
    }
  } catch (error) {
    if (error instanceof FileTrouble) throw copy.error("read", "pod", remote, error.code);
    throw error;
  }
  return { entries, troubles };
}

interface Destination {
  path: string;
  /** Set if the destination is not a regular file: it is written as a stream, without offsets. */
  stream?: { write(bytes: Uint8Array): Promise<number> };
}

/** Returns the destination: the source's name in an existing directory, otherwise the given path itself. */
async function destinationOf(copy: Copy, directory: boolean): Promise<Destination> {
  const { remote, local } = copy.request;
  if (local === "-") {
    if (directory) throw copy.error("read", "pod", remote, "EISDIR");
    return { path: "-", stream: userProcess().stdout };
  }
  try {
    const there = await ifThere(() => Deno.stat(local)), name = baseName(remote);
    if (there?.isDirectory) {
      if (name === "" && !directory) throw new FileTrouble(local, "EISDIR");
      return { path: joined(local, name) };
    }
    if (there !== undefined && (directory || local.endsWith("/"))) throw new FileTrouble(local, "ENOTDIR");
    if (there?.isFile) return { path: await Deno.realPath(local) };
    if (there !== undefined) return { path: local, stream: await Deno.open(local, { write: true }) };
    const trimmed = local.replace(/(?<=.)\/+$/, "");
    if (!directory && trimmed !== local) throw new FileTrouble(local, "ENOENT");
    const parent = parentOf(trimmed) || (trimmed.startsWith("/") ? "/" : ".");
    if (!(await Deno.stat(parent)).isDirectory) throw new FileTrouble(parent, "ENOTDIR");
    return { path: trimmed };
  } catch (error) {
    const trouble = localTrouble(local, error);
    if (trouble instanceof FileTrouble) throw copy.error("write", "local", trouble.path, trouble.code);
    throw trouble;
  }
}

async function localFile(directories: LocalDirectories, { path }: Destination, entry: FileEntry): Promise<LocalFile> {
  if (entry.path === "") return new LocalFile(parentOf(path) || (path.startsWith("/") ? "/" : "."), baseName(path));
  const parent = parentOf(entry.path);
  await directories.check(parent);
  return new LocalFile(joined(path, parent), baseName(entry.path), directories.isNew(parent));
}

async function stream(copy: Copy, reader: FileReader, to: NonNullable<Destination["stream"]>): Promise<void> {
  const { progress, request: { remote } } = copy;
  try {
    await reader.ask("");
    const reading = await reader.next();
    progress.state.name = baseName(remote);
    await printChunks(reading, to, (upTo) => progress.state.bytes = upTo);
  } catch (error) {
    const trouble = localTrouble(remote, error);
    throw trouble instanceof FileTrouble ? copy.error("read", "pod", remote, trouble.code) : trouble;
  }
}
