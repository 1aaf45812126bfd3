import { baseName } from "./copy_place.ts";
import { ScopeError } from "../../errors.ts";
import type { Event } from "../../event.ts";
import { isHopeless } from "./file_trouble.ts";
import { FileTrouble } from "../../manager/client/target_files.ts";
import type { BatchItem, Chunk, FileWriter, ItemWritten, WritingFile } from "../../manager/client/target_files.ts";
import { partName } from "../../manager/protocol/part_name.ts";
import { excessOf } from "./excess.ts";
import { batches, isSmall, together } from "./batches.ts";
import type { Copy } from "./copy_state.ts";
import { evictionText } from "./eviction_text.ts";
import { chunksOf, readStart } from "./local_file.ts";
import { parentOf } from "./local_directories.ts";
import { localTree } from "./local_tree.ts";
import type { LocalEntry } from "./local_tree.ts";
import { joined, localTrouble } from "./local_trouble.ts";
import { userProcess } from "../../terminal/user_process.ts";

/** Number of files in flight without a result; a batch counts as `batchWeight` files. */
const ahead = 32, batchWeight = 12;
/** Smaller files are sent without asking for a partial file in the pod: the round trip takes longer than sending them. */
const resumeBytes = 1 << 20;

/** Copies from this machine into a pod. Yields `cp.file` and `failed`, and `cp.summary` at the end. */
export async function* copyIn(copy: Copy): AsyncIterable<Event> {
  const { request: { remote, local, follow }, signal, client: { files }, progress } = copy;
  const { entries, troubles } = await list(copy, local, follow);
  const top = entries[0]!, directory = top.kind === "directory";
  const wanted = entries.filter(({ kind }) => kind === "file" || kind === "other");
  progress.state.totalFiles = wanted.length;
  if (top.kind !== "other") progress.state.totalBytes = wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  await using writer = files.writer(remote, { name: local === "-" ? "" : baseName(local), directory, signal });
  const path = await writer.opened.catch((error) => {
    throw error instanceof FileTrouble ? copy.error("write", "pod", remote, error.code) : error;
  });
  for (const { path, code } of troubles) yield copy.failed(path, code);
  const { target } = copy.client, dense = wanted.filter(({ sparse }) => !sparse);
  if (target.storage !== undefined) {
    for (const excess of excessOf(dense, await writer.mounts, target.storage)) {
      copy.notice(evictionText(excess, target));
    }
  }

  const sending: { weight: number; events(): AsyncIterable<Event> }[] = [], createdDirectories: LocalEntry[] = [];
  for (const next of batches(entries, sizeInBatch)) {
    const started = performance.now(), first = Array.isArray(next) ? next[0]! : next;
    progress.state.name = first.path || baseName(local);
    if (Array.isArray(next)) {
      const items = await together(next, (entry) => itemOf(entry, joined(local, entry.path)));
      const { sent, written } = writer.batch(items.filter((item) => "kind" in item));
      sending.push({ weight: batchWeight, events: () => batchEvents(next, items, written, started) });
      await sent;
    } else if (next.kind === "file" || !directory) {
      const file = send(writer, next, joined(local, next.path), copy);
      sending.push({ weight: 1, events: () => fileEvents(next, file, started) });
      await file.sent.catch(() => {}); // reported by fileEvents()
      if (signal.aborted) copy.kept = { path: partPath(joined(path, next.path)), forAWhile: true };
    } else yield failed(next, new FileTrouble(next.path, "ENOTREG"));
    if (!signal.aborted) yield* settle(ahead);
    signal.throwIfAborted();
  }
  yield* settle(0);
  for (const next of batches(createdDirectories.reverse(), () => 0) as Iterable<LocalEntry[]>) {
    const items = next.map((entry): BatchItem => ({ kind: "directory", ...placed(entry), finish: true }));
    for (const [at, result] of (await writer.batch(items).written).entries()) {
      if (result instanceof FileTrouble) yield failed(next[at]!, result);
    }
  }
  yield copy.summary(local, `${copy.place}:${path}`);

  async function* settle(most: number): AsyncIterable<Event> {
    while (sending.reduce((sum, { weight }) => sum + weight, 0) > most) yield* sending.shift()!.events();
  }

  async function* fileEvents(entry: LocalEntry, file: WritingFile, started: number): AsyncIterable<Event> {
    try {
      const [resumedBytes, whole] = await Promise.all([file.from, file.whole]);
      progress.state.files++;
      yield copy.file(entry.path || baseName(path), whole, resumedBytes, started);
    } catch (error) {
      if (isLoss(error) && entry.sizeBytes > 0) {
        copy.kept = { path: partPath(joined(path, entry.path)), forAWhile: true };
      }
      yield failed(entry, error);
    }
  }

  async function* batchEvents(
    entries: readonly LocalEntry[],
    items: readonly (BatchItem | Unreadable)[],
    written: Promise<(ItemWritten | FileTrouble)[]>,
    started: number,
  ): AsyncIterable<Event> {
    const results = await written.catch((error) => ({ error }));
    let at = 0;
    for (const [index, entry] of entries.entries()) {
      const item = items[index]!, result = "kind" in item ? Array.isArray(results) ? results[at++]! : results : item;
      if (result instanceof FileTrouble) yield failed(entry, result);
      else if ("error" in result) yield failed(entry, result.error);
      else if (entry.kind === "directory" && result.created) createdDirectories.push(entry);
      else if (entry.kind === "file") {
        progress.state.files++;
        progress.state.bytes += result.sizeBytes;
        yield copy.file(entry.path || baseName(path), result, 0, started);
      }
    }
  }

  /** Returns the event for a failed file. Throws if it is the only file, or if later files would fail in the same way. */
  function failed(entry: LocalEntry, error: unknown): Event {
    const trouble = localTrouble(entry.path, error), isRemote = error instanceof FileTrouble;
    if (signal.aborted || !(trouble instanceof FileTrouble)) throw error;
    if (isRemote && (!directory || entry.path === "" || isHopeless(trouble.code))) {
      throw copy.error("write", "pod", joined(path, entry.path), trouble.code);
    }
    if (!directory) throw copy.error("read", "local", local, trouble.code);
    return copy.failed(entry.path, trouble.code);
  }
}

const isLoss = (error: unknown) => error instanceof ScopeError && error.kind === "unreachable";

/** A failure to read on this machine. */
interface Unreadable {
  error: unknown;
}

/** Returns undefined for items that are sent alone: large files, files with holes, and streams that are read to their end. */
function sizeInBatch({ kind, sizeBytes, sparse }: LocalEntry): number | undefined {
  if (kind === "directory" || kind === "symlink") return 0;
  return kind === "file" && isSmall(sizeBytes, sparse) ? sizeBytes : undefined;
}

const placed = ({ path, mode, modifiedNs }: LocalEntry) => ({ path, mode, modifiedNs });

async function itemOf(entry: LocalEntry, source: string): Promise<BatchItem | Unreadable> {
  if (entry.kind === "symlink") return { kind: "symlink", path: entry.path, to: entry.link! };
  if (entry.kind === "directory") return { kind: "directory", ...placed(entry), finish: false };
  try {
    return { kind: "file", ...placed(entry), bytes: await readStart(source, entry.sizeBytes) };
  } catch (error) {
    return { error };
  }
}

function partPath(path: string): string {
  return joined(parentOf(path) || "/", partName(baseName(path), (name) => new TextEncoder().encode(name).length));
}

async function list(copy: Copy, local: string, follow: boolean) {
  const entries: LocalEntry[] = [], troubles: FileTrouble[] = [];
  if (local === "-") return { entries: [standardInput], troubles };
  try {
    for await (const entry of localTree(local, follow)) {
      if (entry instanceof FileTrouble) troubles.push(entry);
      else entries.push(entry);
    }
  } catch (error) {
    const trouble = localTrouble(local, error);
    throw trouble instanceof FileTrouble ? copy.error("read", "local", local, trouble.code) : trouble;
  }
  return { entries, troubles };
}

const standardInput: LocalEntry = { path: "", kind: "other", sizeBytes: 0, mode: 0o644, modifiedNs: 0n, sparse: false };

/** Sends one file. Reads standard input, and anything that is neither a file nor a directory, to its end. */
function send(
  writer: FileWriter,
  entry: LocalEntry,
  source: string,
  { progress: { state }, request }: Copy,
): WritingFile {
  const { path, mode, kind, sizeBytes, modifiedNs } = entry;
  let done = 0;
  const reached = (at: number) => {
    state.bytes += at - done;
    done = at;
  };
  if (kind === "other") {
    const input = request.local === "-" ? userProcess().stdin.readable : undefined;
    return writer.file({ path, mode: 0o644, resume: false }, () => streamed(input, source, reached));
  }
  const file = { path, mode, sizeBytes, modifiedNs, resume: sizeBytes >= resumeBytes };
  return writer.file(file, async function* (from): AsyncIterable<Chunk> {
    using opened = await Deno.open(source);
    if (from > 0) {
      state.resumedBytes += from;
      reached(from);
    }
    for await (const chunk of chunksOf(opened, { from, size: sizeBytes, sparse: entry.sparse })) {
      yield chunk;
      reached(chunk.offset + chunk.bytes.length);
    }
  });
}

async function* streamed(
  input: ReadableStream<Uint8Array<ArrayBuffer>> | undefined,
  source: string,
  reached: (at: number) => void,
): AsyncIterable<Chunk> {
  let at = 0;
  for await (const bytes of input ?? (await Deno.open(source)).readable) {
    // The manager accepts at most 1 MiB in a chunk.
    for (let start = 0; start < bytes.length; start += 1 << 20) {
      const part = bytes.slice(start, start + (1 << 20));
      yield { offset: at, bytes: part };
      reached(at += part.length);
    }
  }
}
