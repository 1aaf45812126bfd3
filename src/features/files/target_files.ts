/** The files of a target as events and bytes, for `fs`. */
import type { TargetClient } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import type { Event, FileListed } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import { troubleError, wordsOf } from "./file_trouble.ts";
import { FileTrouble } from "../../manager/client/target_files.ts";
import type { FileEntry } from "../../manager/client/target_files.ts";
import { targetName } from "../../target.ts";

export interface ListHow {
  /** Also names that begin with a dot. */
  all: boolean;
  recursive: boolean;
  signal: AbortSignal;
}

/** `fs.entry` for each file in these directories, or for the files themselves; `failed` for what cannot be read. */
export async function* listEvents(client: TargetClient, paths: readonly string[], how: ListHow): AsyncIterable<Event> {
  const { all, recursive, signal } = how, hidden = /(?:^|\/)\./;
  for (const path of paths.length === 0 ? [""] : paths) {
    // Whose content is listed shows by the paths of it, where there are several.
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

/** The bytes of files, one after another. One of several that cannot be read is told, and the others go on. */
export async function* catBytes(
  client: TargetClient,
  paths: readonly string[],
  signal: AbortSignal,
  tell: (text: string) => void,
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
      tell(`${path}: ${wordsOf(error.code).reason}`);
    }
  }
}

/** `fs.inode` for each path that has the number. Throws ScopeError when there is none. */
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

/** Throws ScopeError (usage). */
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
    ...(link === undefined ? {} : { link }),
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
