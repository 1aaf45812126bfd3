import { defined } from "../../lib/defined.ts";
import { FileTrouble } from "../../manager/client/target_files.ts";
import { isPart } from "../../manager/protocol/part_name.ts";
import { joined, localTrouble } from "./local_trouble.ts";

/** A local file, directory, symlink or other file that is copied. */
export interface LocalEntry {
  /** Relative to the source of the copy; empty: the source itself. */
  path: string;
  kind: "file" | "directory" | "symlink" | "other";
  sizeBytes: number;
  mode: number;
  modifiedNs: bigint;
  /** True if the file takes less space on disk than its size. */
  sparse: boolean;
  link?: string;
}

/** Walks a directory tree; each directory comes before its content. Yields FileTrouble for an entry that fails, and goes on. */
export async function* localTree(top: string, follow: boolean): AsyncIterable<LocalEntry | FileTrouble> {
  yield* walk("", await Deno.stat(top), []);

  async function* walk(path: string, info: Deno.FileInfo, above: string[]): AsyncIterable<LocalEntry | FileTrouble> {
    const id = `${info.dev} ${info.ino}`;
    if (above.includes(id)) throw new FileTrouble(path, "ECYCLE");
    yield entryOf(path, info, info.isSymlink ? await Deno.readLink(joined(top, path)) : undefined);
    if (!info.isDirectory) return;
    for (const name of await namesIn(joined(top, path))) {
      const below = joined(path, name);
      try {
        // The name on disk is not UTF-8: Deno decoded it lossily and cannot open it.
        if (name.includes("\ufffd") && !await exists(joined(top, below))) throw new FileTrouble(below, "EILSEQ");
        const info = await (follow ? Deno.stat : Deno.lstat)(joined(top, below));
        if (isPart(name) && !info.isDirectory) throw new FileTrouble(below, "EPART");
        yield* walk(below, info, [...above, id]);
      } catch (error) {
        const trouble = localTrouble(below, error);
        if (!(trouble instanceof FileTrouble)) throw trouble;
        yield trouble;
      }
    }
  }
}

async function namesIn(directory: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(directory)) names.push(name);
  return names.sort();
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

function entryOf(path: string, info: Deno.FileInfo, link: string | undefined): LocalEntry {
  return {
    path,
    kind: info.isFile ? "file" : info.isDirectory ? "directory" : info.isSymlink ? "symlink" : "other",
    sizeBytes: info.size,
    mode: (info.mode ?? 0o644) & 0o777,
    modifiedNs: BigInt(info.mtime?.getTime() ?? 0) * 1_000_000n,
    sparse: info.blocks !== null && info.blocks * 512 < info.size,
    ...defined({ link }),
  };
}
