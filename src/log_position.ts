import type { LogEntry } from "./log_lines.ts";

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

  /** Where a new stream has to start (`sinceTime`); undefined at the log's own start. */
  get since(): string | undefined {
    if (this.#last === undefined) return undefined;
    return `${new Date((this.#last.second - marginSeconds) * 1000).toISOString().slice(0, 19)}Z`;
  }

  /** Counts a line as seen that was not wanted, with all before it. */
  startAfter(line: Instant): void {
    this.#note(line);
  }

  /**
   * A new stream begins, at `since`. `sameLog`: of the same container, so that the last line seen must come again, if only
   * the kubelet still has it.
   */
  resume({ sameLog }: { sameLog: boolean }): void {
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
    this.#replay = { times, left, met: !sameLog };
  }

  /**
   * Whether this line of the stream is a new one. `gap`: none of the lines seen before came again, so the kubelet has put
   * that file aside meanwhile, and what stood behind them is lost.
   */
  take(line: Instant): { fresh: boolean; gap: boolean } {
    const replay = this.#replay;
    let gap = false;
    if (replay !== undefined) {
      const counts = replay.times.get(line.second), left = counts?.get(line.nano) ?? 0;
      if (left > 0) {
        counts!.set(line.nano, left - 1);
        replay.met = true;
        replay.left -= 1;
        if (replay.left === 0) this.#replay = undefined;
        return { fresh: false, gap };
      }
      if (this.#floor !== undefined && isBefore(line, this.#floor)) return { fresh: false, gap };
      gap = !replay.met;
      replay.met = true;
    }
    this.#note(line);
    return { fresh: true, gap };
  }

  #note(line: Instant): void {
    const { second, nano } = line;
    this.#floor ??= { second, nano };
    this.#last = { second, nano };
    const nanos = this.#seen.get(second);
    if (nanos !== undefined) nanos.push(nano);
    else this.#seen.set(second, [nano]);
    if (second <= this.#newest) return;
    this.#newest = second;
    for (const each of this.#seen.keys()) if (each < second - keptSeconds) this.#seen.delete(each);
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

function isBefore(a: Instant, b: Instant): boolean {
  return a.second < b.second || (a.second === b.second && a.nano < b.nano);
}
