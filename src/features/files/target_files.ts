/** Lists, prints and finds files of a target, for `fs`. */
import type { TargetClient } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import type { Event, FileListed } from "../../event.ts";
import { defined } from "../../lib/defined.ts";
import { now } from "../../lib/timed.ts";
import { troubleError, wordsOf } from "./file_trouble.ts";
import { FileTrouble } from "../../manager/client/target_files.ts";
import type { FileEntry } from "../../manager/client/target_files.ts";
import { targetName } from "../../target.ts";

export interface ListHow {
  /** Includes names that begin with a dot. */
  all: boolean;
  recursive: boolean;
  signal: AbortSignal;
}

/** Yields `fs.entry` for each of these files and each file in these directories, and `failed` for files that cannot be read. */
export async function* listEvents(client: TargetClient, paths: readonly string[], how: ListHow): AsyncIterable<Event> {
  const { all, recursive, signal } = how, hidden = /(?:^|\/)\./;
  for (const path of paths.length === 0 ? [""] : paths) {
    // With several directories, the printed path shows which one a file is in.
    const shown = paths.length > 1 || recursive;
    try {
      let isDirectory = false;
      const options = { depth: recursive ? "tree" : "children", names: true, signal } as const;
      for await (const entry of client.files.list(path, options)) {
        const name = shown ? below(path, entry.path) : entry.path;
        if (entry instanceof FileTrouble) {
          if (all || !hidden.test(entry.path)) yield failed(below(path, entry.path), entry.code);
        } else if (entry.path === "") {
          isDirectory = entry.kind === "directory";
          if (!isDirectory) yield entryEvent(path, entry);
        } else if (all || !hidden.test(entry.path)) yield entryEvent(name, entry);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof FileTrouble)) throw error;
      if (paths.length <= 1) throw troubleError("list", path, targetName(client.target), error.code);
      yield failed(path, error.code);
    }
  }
}

/** Yields the bytes of files, one after another. Calls `notice` for each of several files that cannot be read, and goes on. */
export async function* catBytes(
  client: TargetClient,
  paths: readonly string[],
  signal: AbortSignal,
  notice: (text: string) => void,
): AsyncIterable<Uint8Array> {
  for (const path of paths) {
    await using reader = client.files.reader(path, { signal });
    try {
      await reader.ask("");
      const { chunks, whole } = await reader.next();
      let at = 0;
      for await (const { offset, bytes } of chunks) {
        yield* zeros(offset - at);
        yield bytes;
        at = offset + bytes.length;
      }
      yield* zeros((await whole).sizeBytes - at);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof FileTrouble)) throw error;
      if (paths.length === 1) throw troubleError("read", path, targetName(client.target), error.code);
      notice(`${path}: ${wordsOf(error.code).reason}`);
    }
  }
}

/** Yields `fs.inode` for each path with this inode number. Throws ScopeError if there is none. */
export async function* findInode(client: TargetClient, inode: bigint, signal: AbortSignal): AsyncIterable<Event> {
  let found = 0, seen = 0;
  try {
    for await (const one of client.files.findInode(inode, signal)) {
      if ("seen" in one) seen = one.seen;
      else if (one instanceof FileTrouble) {
        if (one.path === "") throw troubleError("read", "/", targetName(client.target), one.code);
        yield failed(one.path, one.code);
      } else {
        found++;
        const layers = one.layers.map((layer) => ({ ...layer, nodePath: below(layer.directory, one.path.slice(1)) }));
        yield { type: "fs.inode", time: now(), inode: String(inode), ...one, layers };
      }
    }
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  if (found > 0) return;
  throw new ScopeError("notFound", `Cannot find inode ${inode} in "${targetName(client.target)}"`, {
    hint: `none of the ${seen} files of its root file system has it; one on a volume is not looked for`,
  });
}

/** Parses an inode number. Throws ScopeError (usage). */
export function parseInode(text: string): bigint {
  if (/^\d{1,20}$/.test(text)) return BigInt(text);
  throw new ScopeError("usage", `Inode cannot be "${text}"`, {
    hint: "it is the number that ls -i prints, for example 3601465",
  });
}

function entryEvent(path: string, entry: FileEntry): FileListed {
  const { kind, sizeBytes, allocatedBytes, mode, modifiedNs, uid, gid, owner, group, inode, link } = entry;
  return {
    type: "fs.entry",
    time: now(),
    path,
    kind,
    sizeBytes,
    allocatedBytes,
    mode: mode.toString(8).padStart(4, "0"),
    modified: new Date(Number(modifiedNs / 1_000_000n)).toISOString(),
    uid,
    gid,
    ...(owner === "" ? {} : { owner }),
    ...(group === "" ? {} : { group }),
    inode: String(inode),
    ...defined({ link }),
  };
}

function failed(subject: string, code: string): Event {
  return { type: "failed", time: now(), subject, reason: wordsOf(code).reason };
}

function below(directory: string, path: string): string {
  return directory === "" || path === ""
    ? directory + path
    : directory.endsWith("/")
    ? directory + path
    : `${directory}/${path}`;
}

function* zeros(count: number): Iterable<Uint8Array> {
  const most = 1 << 16;
  for (let left = count; left > 0; left -= most) yield new Uint8Array(Math.min(most, left));
}
