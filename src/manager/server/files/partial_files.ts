import { statOf } from "../processes.ts";
import { close } from "./calls.ts";
import type { Name } from "./names.ts";
import type { LeftPart } from "./worker_messages.ts";

/** Time that the part of an interrupted copy is kept for resuming, in milliseconds. */
const keepMs = 10 * 60_000;
const checkMs = 5000;

/** Keeps the parts that interrupted copies left in a target. */
export interface PartKeeper {
  /** Keeps a part, and takes ownership of its directory descriptor. */
  keep(part: LeftPart): void;
  /** Forgets a part, because a copy resumes it. */
  forget(inode: bigint, name: Name): void;
}

interface Kept {
  part: LeftPart;
  /** Start time of the part's process. An open directory must not keep the volumes of a deleted pod busy. */
  startMs: number;
  until: number;
}

/** The unfinished files that interrupted copies left in targets. Each is removed after a limited time. */
export class PartialFiles implements PartKeeper {
  readonly #all = new Set<Kept>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `remove` removes the parts, and closes their directories. */
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

  /** Returns all parts and passes their ownership to the caller. */
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
