import type { LogEntry } from "../../kube/log_lines.ts";

type Instant = Pick<LogEntry, "second" | "nano">;

/** How long what was seen is remembered, in seconds before the newest line. */
const keptSeconds = 10;
/** stdout and stderr are written by two threads: lines may stand a moment before others that are older. */
const marginSeconds = 1;

/**
 * How far a container's log has been read, so that a new stream of it goes on there: nothing lost, nothing twice.
 *
 * The log endpoint takes a time to start at, in whole seconds only, so what it sends first has been seen. A log only grows,
 * so of the lines with one time those that come first in a new stream are those that were seen before: they are told by
 * their times alone, and counted, as several may have the same.
 */
export class LogPosition {
  /** Of each second the nanoseconds of the lines seen. */
  readonly #seen = new Map<number, number[]>();
  #newest = -Infinity;
  #last: Instant | undefined;
  /** What stands before the first line that was wanted was not. */
  #floor: Instant | undefined;
  #replay: Replay | undefined;
  /** What was seen last is of the log that is read now, so it must come again, if only the kubelet still has it. */
  #sameLog = true;

  /** Where a new stream has to start (`sinceTime`); undefined at the log's own start. */
  get since(): string | undefined {
    if (this.#last === undefined) return undefined;
    return `${new Date((this.#last.second - marginSeconds) * 1000).toISOString().slice(0, 19)}Z`;
  }

  /** Counts a line as seen that was not wanted, with all before it. */
  startAfter(line: Instant): void {
    this.#note(line);
  }

  /** Another container's log follows: nothing of what was seen comes again. */
  otherLog(): void {
    this.#sameLog = false;
  }

  /** A new stream begins, at `since`. */
  resume(): void {
    const { second } = this.#last ?? {};
    if (second === undefined) return;
    const times = new Map<number, Map<number, number>>();
    let left = 0;
    for (const [each, nanos] of this.#seen) {
      if (each < second - marginSeconds) continue;
      const counts = new Map<number, number>();
      for (const nano of nanos) counts.set(nano, (counts.get(nano) ?? 0) + 1);
      times.set(each, counts);
      left += nanos.length;
    }
    this.#replay = { times, left, met: !this.#sameLog };
  }

  /**
   * What this line of the stream is: one that was `seen`, or one that is `fresh`. `foreign`: it would be fresh, but none of
   * the lines seen came before it, so this is another container's log, or the kubelet has put that file aside meanwhile, and
   * what stood behind them is lost. Such a line counts only after `trust`.
   */
  take(line: Instant): "seen" | "fresh" | "foreign" {
    const replay = this.#replay;
    if (replay !== undefined) {
      const counts = replay.times.get(line.second), left = counts?.get(line.nano) ?? 0;
      if (left > 0) {
        counts!.set(line.nano, left - 1);
        replay.met = true;
        replay.left -= 1;
        if (replay.left === 0) this.#replay = undefined;
        return "seen";
      }
      if (this.#floor !== undefined && isBefore(line, this.#floor)) {
        replay.met = true; // older ones than the first are there
        return "seen";
      }
      if (!replay.met) return "foreign";
    }
    this.#note(line);
    return "fresh";
  }

  /** This stream is the right one, though what was seen does not come again. */
  trust(): void {
    if (this.#replay !== undefined) this.#replay.met = true;
  }

  #note(line: Instant): void {
    const { second, nano } = line;
    this.#floor ??= { second, nano };
    this.#last = { second, nano };
    this.#sameLog = true;
    const nanos = this.#seen.get(second);
    if (nanos !== undefined) nanos.push(nano);
    else this.#seen.set(second, [nano]);
    if (second === this.#newest) return;
    this.#newest = second;
    // In both directions: a clock may be set back.
    for (const each of this.#seen.keys()) if (Math.abs(each - second) > keptSeconds) this.#seen.delete(each);
  }
}

/** What a new stream repeats. */
interface Replay {
  /** How often each time is still to come, by second and nanosecond. */
  readonly times: Map<number, Map<number, number>>;
  left: number;
  /** Something that was seen before has come. */
  met: boolean;
}

export function isBefore(a: Instant, b: Instant): boolean {
  return a.second < b.second || (a.second === b.second && a.nano < b.nano);
}
