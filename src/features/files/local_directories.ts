import { FileTrouble } from "../../manager/client/target_files.ts";
import type { FileEntry } from "../../manager/client/target_files.ts";
import { dateOf } from "./local_time.ts";
import { joined, lstatIfThere } from "./local_trouble.ts";

/** True if the path stays inside the directory: its names come from a target that may be hostile. */
export function isSafe(path: string): boolean {
  return path.split("/").every((name) => name !== "" && name !== "." && name !== ".." && !name.includes("\0"));
}

/**
 * The local directories that a copy writes. Symlinks in them are never followed: an earlier copy from a hostile target may
 * have created them. Symlinks are created last, so that none appears while files are written.
 */
export class LocalDirectories {
  readonly #checked = new Set<string>([""]);
  /** Directories created here. `mode` is the real one, after the umask and the parent's ACL and set-gid bit. */
  readonly #created = new Map<string, { entry: FileEntry; mode: number }>();

  constructor(readonly top: string) {}

  /** Creates a directory if there is none. Throws FileTrouble. */
  async make(entry: FileEntry): Promise<void> {
    const path = joined(this.top, entry.path);
    if (entry.path !== "") await this.check(parentOf(entry.path));
    const there = await lstatIfThere(path);
    if (there !== undefined && !there.isDirectory) {
      throw new FileTrouble(entry.path, there.isSymlink ? "ELOOP" : "EEXIST");
    }
    if (there === undefined) {
      await Deno.mkdir(path, { mode: entry.mode & 0o777 | 0o700 });
      this.#created.set(entry.path, { entry, mode: (await Deno.lstat(path)).mode ?? 0 });
    }
    this.#checked.add(entry.path);
  }

  /** True if this copy created the directory. */
  isNew(path: string): boolean {
    return this.#created.has(path);
  }

  /** Rejects with FileTrouble if `make` has not checked or created this directory. */
  check(path: string): Promise<void> {
    return this.#checked.has(path) ? Promise.resolve() : Promise.reject(new FileTrouble(path, "ENOTDIR"));
  }

  /** Creates a symlink with any target. Replaces a file or a symlink, never a directory. */
  async link({ path, link = "" }: FileEntry): Promise<void> {
    await this.check(parentOf(path));
    const full = joined(this.top, path), there = await lstatIfThere(full);
    if (there?.isDirectory) throw new FileTrouble(path, "EISDIR");
    if (there !== undefined) await Deno.remove(full);
    await Deno.symlink(link, full);
  }

  /** Sets modes and times of the created directories. Call it after the last write into them. */
  async finish(): Promise<void> {
    for (const { entry, mode } of [...this.#created.values()].reverse()) {
      const full = joined(this.top, entry.path), modified = dateOf(entry.modifiedNs);
      await Deno.utime(full, modified, modified);
      const wanted = mode & (0o7000 | entry.mode & 0o777);
      // Only if the mode differs: chmod by a user outside the directory's group clears the set-gid bit.
      if (wanted !== (mode & 0o7777)) await Deno.chmod(full, wanted);
    }
  }
}

export function parentOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}
