import { statAt } from "./calls.ts";
import type { Descriptor } from "./descriptor.ts";
import { removeName } from "./mount_point.ts";
import type { Name } from "./names.ts";
import { statOf } from "../processes.ts";

/** How long what a broken copy left is kept for the next try, in milliseconds. */
const keepMs = 10 * 60_000;
const checkMs = 5000;

interface Part {
  folder: Descriptor;
  name: Name;
  inode: bigint;
  /** The process whose root it is in. An open folder must not keep the volumes of a pod that is gone. */
  pid: number;
  startMs: number;
  until: number;
}

/** The unfinished files that copies which broke off left in targets. None stays for ever. */
export class Parts implements Disposable {
  readonly #all = new Set<Part>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(readonly times = { keepMs, checkMs }) {}

  /** Takes over the folder. */
  keep(folder: Descriptor, name: Name, pid: number): void {
    const { inode } = statAt(folder.fd, name);
    this.forget(inode, name);
    this.#all.add({
      folder,
      name,
      inode,
      pid,
      startMs: statOf(pid)?.startMs ?? NaN,
      until: performance.now() + this.times.keepMs,
    });
    this.#timer ??= setInterval(() => this.#check(), this.times.checkMs);
  }

  /** Somebody goes on with it. */
  forget(inode: bigint, name: Name): void {
    for (const part of this.#all) if (part.inode === inode && part.name === name) this.#drop(part);
  }

  [Symbol.dispose](): void {
    for (const part of this.#all) this.#remove(part);
  }

  #check(): void {
    for (const part of this.#all) {
      if (performance.now() > part.until || statOf(part.pid)?.startMs !== part.startMs) this.#remove(part);
    }
  }

  #remove(part: Part): void {
    try {
      if (statAt(part.folder.fd, part.name).inode === part.inode) removeName(part.folder, part.name);
    } catch {
      // gone already
    }
    this.#drop(part);
  }

  #drop(part: Part): void {
    this.#all.delete(part);
    part.folder[Symbol.dispose]();
    if (this.#all.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
