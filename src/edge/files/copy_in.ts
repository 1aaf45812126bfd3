import { baseName } from "../../copy_place.ts";
import { ScopeError } from "../../errors.ts";
import type { Event } from "../../event.ts";
import { isHopeless } from "../../file_trouble.ts";
import { FileTrouble } from "../../files.ts";
import type { FileWriter, Piece, WritingFile } from "../../files.ts";
import { partName } from "../../part_name.ts";
import { excessOf } from "../../storage.ts";
import type { Copy } from "./copy_files.ts";
import { evictionText } from "./eviction_text.ts";
import { piecesOf } from "./local_file.ts";
import { parentOf } from "./local_folders.ts";
import { localTree } from "./local_tree.ts";
import type { LocalEntry } from "./local_tree.ts";
import { joined, localTrouble } from "./local_trouble.ts";

/** So many files are sent without waiting for what became of the first. */
const ahead = 32;
/** Smaller ones are sent without asking what is there of them: that takes longer than sending. */
const resumeBytes = 1 << 20;

/** Copies from this machine into a pod. Yields `cp.file` and `failed`, and `cp.summary` at the end. */
export async function* copyIn(copy: Copy): AsyncIterable<Event> {
  const { request: { remote, local, follow }, signal, beside: { files }, progress } = copy;
  const { entries, troubles } = await list(copy, local, follow);
  const top = entries[0]!, folder = top.kind === "folder";
  const wanted = entries.filter(({ kind }) => kind === "file" || kind === "other");
  progress.state.totalFiles = wanted.length;
  if (top.kind !== "other") progress.state.totalBytes = wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  await using writer = files.writer(remote, { name: local === "-" ? "" : baseName(local), folder, signal });
  const path = await writer.opened.catch((error) => {
    throw error instanceof FileTrouble ? copy.error("write", "pod", remote, error.code) : error;
  });
  for (const { path, code } of troubles) yield copy.failed(path, code);
  const { target } = copy.beside, dense = wanted.filter(({ sparse }) => !sparse);
  if (target.storage !== undefined) {
    for (const excess of excessOf(dense, await writer.mounts, target.storage)) copy.say(evictionText(excess, target));
  }

  const sending: { entry: LocalEntry; file: WritingFile; started: number }[] = [], made: LocalEntry[] = [];
  for (const entry of entries) {
    const started = performance.now();
    progress.state.name = entry.path || baseName(local);
    if (entry.kind === "file" || entry.kind === "other" && !folder) {
      const file = send(writer, entry, joined(local, entry.path), copy);
      sending.push({ entry, file, started });
      await file.sent.catch(() => {}); // told below
      if (!signal.aborted) yield* settle(ahead);
      else copy.kept = { path: partOf(joined(path, entry.path)), forAWhile: true };
    } else {
      yield* settle(0);
      const event = await other(entry);
      if (event !== undefined) yield event;
    }
    signal.throwIfAborted();
  }
  yield* settle(0);
  for (const entry of made.reverse()) await writer.folder({ ...entry, finish: true });
  yield copy.summary(local, `${copy.place}:${path}`);

  async function* settle(most: number): AsyncIterable<Event> {
    while (sending.length > most) {
      const { entry, file, started } = sending.shift()!;
      try {
        const [had, whole] = await Promise.all([file.from, file.whole]);
        progress.state.files++;
        yield copy.file(entry.path || baseName(path), whole, had, started);
      } catch (error) {
        if (isLoss(error) && entry.sizeBytes > 0) {
          copy.kept = { path: partOf(joined(path, entry.path)), forAWhile: true };
        }
        yield failed(entry, error);
      }
    }
  }

  /** Makes what is no file. */
  async function other(entry: LocalEntry): Promise<Event | undefined> {
    try {
      if (entry.kind === "folder") {
        if (await writer.folder({ ...entry, finish: false })) made.push(entry);
      } else if (entry.kind === "link") await writer.link({ path: entry.path, to: entry.link! });
      else throw new FileTrouble(entry.path, "ENOTREG");
    } catch (error) {
      return failed(entry, error);
    }
  }

  /** What fails for one of several is told; the only one, or what no other can get over, ends all. */
  function failed(entry: LocalEntry, error: unknown): Event {
    const trouble = localTrouble(entry.path, error), there = error instanceof FileTrouble;
    if (signal.aborted || !(trouble instanceof FileTrouble)) throw error;
    if (there && (!folder || entry.path === "" || isHopeless(trouble.code))) {
      throw copy.error("write", "pod", joined(path, entry.path), trouble.code);
    }
    if (!folder) throw copy.error("read", "local", local, trouble.code);
    return copy.failed(entry.path, trouble.code);
  }
}

const isLoss = (error: unknown) => error instanceof ScopeError && error.kind === "unreachable";

function partOf(path: string): string {
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

/** Sends one file; what is neither a file nor a folder, as standard input, is read to its end. */
function send(
  writer: FileWriter,
  entry: LocalEntry,
  source: string,
  { progress: { state }, request }: Copy,
): WritingFile {
  const before = state.bytes, { path, mode, kind, sizeBytes, modifiedNs } = entry;
  if (kind === "other") {
    const input = request.local === "-" ? Deno.stdin.readable : undefined;
    return writer.file({ path, mode: 0o644, resume: false }, () => streamed(input, source, (at) => state.bytes = at));
  }
  const file = { path, mode, sizeBytes, modifiedNs, resume: sizeBytes >= resumeBytes };
  return writer.file(file, async function* (from): AsyncIterable<Piece> {
    using opened = await Deno.open(source);
    if (from > 0) {
      state.resumedBytes += from;
      state.bytes = before + from;
    }
    for await (const piece of piecesOf(opened, { from, size: sizeBytes, sparse: entry.sparse })) {
      yield piece;
      state.bytes = before + piece.offset + piece.bytes.length;
    }
  });
}

async function* streamed(
  input: ReadableStream<Uint8Array<ArrayBuffer>> | undefined,
  source: string,
  sent: (at: number) => void,
): AsyncIterable<Piece> {
  let at = 0;
  for await (const bytes of input ?? (await Deno.open(source)).readable) {
    // The longest piece that the other side takes.
    for (let start = 0; start < bytes.length; start += 1 << 20) {
      const part = bytes.slice(start, start + (1 << 20));
      yield { offset: at, bytes: part };
      sent(at += part.length);
    }
  }
}
