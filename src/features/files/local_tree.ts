import { FileTrouble } from "../../manager/client/target_files.ts";
import { isPart } from "../../manager/protocol/part_name.ts";
import { joined, localTrouble } from "./local_trouble.ts";

/** Something of this machine that is copied. */
export interface LocalEntry {
  /** Below what is copied; empty: that itself. */
  path: string;
  kind: "file" | "directory" | "symlink" | "other";
  sizeBytes: number;
  mode: number;
  modifiedNs: bigint;
  /** Takes less on disk than its size. */
  sparse: boolean;
  link?: string;
}

/** What is at a path and below it, directories before what is in them. Trouble with one thing is told among the others. */
export async function* localTree(top: string, follow: boolean): AsyncIterable<LocalEntry | FileTrouble> {
  yield* one("", await Deno.stat(top), []);

  async function* one(path: string, info: Deno.FileInfo, above: string[]): AsyncIterable<LocalEntry | FileTrouble> {
    const id = `${info.dev} ${info.ino}`;
    if (above.includes(id)) throw new FileTrouble(path, "ECYCLE");
    yield entryOf(path, info, info.isSymlink ? await Deno.readLink(joined(top, path)) : undefined);
    if (!info.isDirectory) return;
    for (const name of await namesIn(joined(top, path))) {
      const below = joined(path, name);
      try {
        // Such a name was not text, and cannot be opened by this one.
        if (name.includes("\ufffd") && !await exists(joined(top, below))) throw new FileTrouble(below, "EILSEQ");
        const info = await (follow ? Deno.stat : Deno.lstat)(joined(top, below));
        if (isPart(name) && !info.isDirectory) throw new FileTrouble(below, "EPART");
        yield* one(below, info, [...above, id]);
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
    ...(link === undefined ? {} : { link }),
  };
}
