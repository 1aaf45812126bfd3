import { FileTrouble } from "../../manager/client/target_files.ts";
import type { FileEntry } from "../../manager/client/target_files.ts";
import { dateOf } from "./local_time.ts";
import { joined, lstatIfThere } from "./local_trouble.ts";

/** True for a path below a directory that leads nowhere else: the names come from a target that may be hostile. */
export function isSafe(path: string): boolean {
  return path.split("/").every((name) => name !== "" && name !== "." && name !== ".." && !name.includes("\0"));
}

/**
 * The directories that are written on this machine. A link in one of them is never followed: an earlier copy from a hostile
 * target may have made it. Links are made last, so none appears while files are written.
 */
export class LocalDirectories {
  readonly #checked = new Set<string>([""]);
  /** With the mode that it got here, by the umask, the ACL and the set-gid bit of the directory that it is in. */
  readonly #made = new Map<string, { entry: FileEntry; mode: number }>();

  constructor(readonly top: string) {}

  /** Makes a directory, or sees that there is one. Throws FileTrouble. */
  async make(entry: FileEntry): Promise<void> {
    const path = joined(this.top, entry.path);
    if (entry.path !== "") await this.check(parentOf(entry.path));
    const there = await lstatIfThere(path);
    if (there !== undefined && !there.isDirectory) {
      throw new FileTrouble(entry.path, there.isSymlink ? "ELOOP" : "EEXIST");
    }
    if (there === undefined) {
      await Deno.mkdir(path, { mode: entry.mode & 0o777 | 0o700 });
      this.#made.set(entry.path, { entry, mode: (await Deno.lstat(path)).mode ?? 0 });
    }
    this.#checked.add(entry.path);
  }

  /** True for a directory that was not there before. */
  isNew(path: string): boolean {
    return this.#made.has(path);
  }

  /** Throws FileTrouble where a directory below the top is none that `make` has seen. */
  check(path: string): Promise<void> {
    return this.#checked.has(path) ? Promise.resolve() : Promise.reject(new FileTrouble(path, "ENOTDIR"));
  }

  /** Makes a link that points wherever it says, and takes the place of a file or a link, never of a directory. */
  async link({ path, link = "" }: FileEntry): Promise<void> {
    await this.check(parentOf(path));
    const full = joined(this.top, path), there = await lstatIfThere(full);
    if (there?.isDirectory) throw new FileTrouble(path, "EISDIR");
    if (there !== undefined) await Deno.remove(full);
    await Deno.symlink(link, full);
  }

  /** Sets modes and times of the directories that were made, once nothing is written into them any more. */
  async finish(): Promise<void> {
    for (const { entry, mode } of [...this.#made.values()].reverse()) {
      const full = joined(this.top, entry.path), modified = dateOf(entry.modifiedNs);
      await Deno.utime(full, modified, modified);
      const wanted = mode & (0o7000 | entry.mode & 0o777);
      // Not without need: who is not in its group takes the set-gid bit away.
      if (wanted !== (mode & 0o7777)) await Deno.chmod(full, wanted);
    }
  }
}

export function parentOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}
