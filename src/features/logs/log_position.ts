import type { LogEntry } from "../../kube/log_lines.ts";

type Instant = Pick<LogEntry, "second" | "nano">;

/** Seen lines are remembered for this long before the newest line, in seconds. */
const keptSeconds = 10;
/** Lines may be out of order by this much, in seconds: two threads write stdout and stderr. */
const marginSeconds = 1;

/**
 * The position up to which a container's log has been read. A reopened stream continues there without losing or repeating
 * a line.
 *
 * The log endpoint accepts a start time in whole seconds only, so a reopened stream begins with lines already seen. A log
 * only grows, so among lines with the same time, the first ones in the new stream are those seen before. Seen lines are
 * therefore recognised by their time alone, and counted, as several may have the same time.
 */
export class LogPosition {
  /** Nanoseconds of the lines seen, by second. */
  readonly #seen = new Map<number, number[]>();
  #newest = -Infinity;
  #last: Instant | undefined;
  /** The first wanted line; older ones in a reopened stream are skipped. */
  #floor: Instant | undefined;
  #replay: Replay | undefined;
  /** True while the container is the same: a reopened stream must then repeat the last lines, unless they were rotated away. */
  #sameLog = true;

  /** Start time for a new stream (`sinceTime`); undefined to start at the beginning of the log. */
  get since(): string | undefined {
    if (this.#last === undefined) return undefined;
    return `${new Date((this.#last.second - marginSeconds) * 1000).toISOString().slice(0, 19)}Z`;
  }

  /** Marks an unwanted line, and all lines before it, as seen. */
  startAfter(line: Instant): void {
    this.#note(line);
  }

  /** Announces the log of another container, which repeats none of the lines seen. */
  otherLog(): void {
    this.#sameLog = false;
  }

  /** Announces a new stream that starts at `since`. */
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
   * Classifies the next line of the stream as `seen`, `fresh` or `foreign`. A foreign line would be fresh, but the stream has
   * repeated none of the lines seen: it is the log of another container, or the kubelet has rotated the file and lines are
   * lost. A foreign line is recorded only after `trust`.
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
        replay.met = true; // lines older than the first wanted one prove that it is the same log
        return "seen";
      }
      if (!replay.met) return "foreign";
    }
    this.#note(line);
    return "fresh";
  }

  /** Accepts the current stream, although it does not repeat the lines seen. */
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
    // Compares the absolute distance, as the clock may be set back.
    for (const each of this.#seen.keys()) if (Math.abs(each - second) > keptSeconds) this.#seen.delete(each);
  }
}

/** The seen lines that a new stream repeats. */
interface Replay {
  /** Number of lines still expected, by second and nanosecond. */
  readonly times: Map<number, Map<number, number>>;
  left: number;
  /** True if the stream has repeated a seen line, or need not do so. */
  met: boolean;
}

export function isBefore(a: Instant, b: Instant): boolean {
  return a.second < b.second || (a.second === b.second && a.nano < b.nano);
}
