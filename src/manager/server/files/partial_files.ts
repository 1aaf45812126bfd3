import { statOf } from "../processes.ts";
import { close } from "./calls.ts";
import type { Name } from "./names.ts";
import type { LeftPart } from "./worker_messages.ts";

/** How long what a broken copy left is kept for the next try, in milliseconds. */
const keepMs = 10 * 60_000;
const checkMs = 5000;

/** Takes what a copy that broke off left in a target. */
export interface PartKeeper {
  /** Takes over the directory. */
  keep(part: LeftPart): void;
  /** Somebody goes on with it. */
  forget(inode: bigint, name: Name): void;
}

interface Kept {
  part: LeftPart;
  /** When the process of the part was started. An open directory must not keep the volumes of a pod that is gone. */
  startMs: number;
  until: number;
}

/** The unfinished files that copies which broke off left in targets. None stays for ever. */
export class PartialFiles implements PartKeeper {
  readonly #all = new Set<Kept>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `remove` removes them, and closes their directories. */
  constructor(readonly remove: (parts: LeftPart[]) => void, readonly times = { keepMs, checkMs }) {}

  keep(part: LeftPart): void {
    this.forget(part.inode, part.name);
    const startMs = statOf(part.pid)?.startMs ?? NaN;
    this.#all.add({ part, startMs, until: performance.now() + this.times.keepMs });
    this.#timer ??= setInterval(() => this.#check(), this.times.checkMs);
  }

  forget(inode: bigint, name: Name): void {
    for (const kept of this.#all) {
      if (kept.part.inode === inode && kept.part.name === name) close(this.#drop(kept).directory);
    }
  }

  /** All that is left; from now on the caller's. */
  takeAll(): LeftPart[] {
    return [...this.#all].map((kept) => this.#drop(kept));
  }

  #check(): void {
    const old = [...this.#all].filter(({ part, startMs, until }) =>
      performance.now() > until || statOf(part.pid)?.startMs !== startMs
    );
    if (old.length > 0) this.remove(old.map((kept) => this.#drop(kept)));
  }

  #drop(kept: Kept): LeftPart {
    this.#all.delete(kept);
    if (this.#all.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    return kept.part;
  }
}
