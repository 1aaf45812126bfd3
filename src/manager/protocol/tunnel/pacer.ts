/** Bytes that may always be on their way; and never more than this. */
const least = 128 * 1024, most = 16 * 1024 * 1024;
/** A message has about so many bytes of data at most, unless one frame has more. */
export const largestMessage = 256 * 1024;
/** How many times what the road holds may be on its way: more lets the estimate grow. */
const gain = 3;
/** For how long a measured rate counts, and a measured round trip, in milliseconds. */
const rateMs = 2000, roundTripMs = 10_000;
/** The other side may keep to itself that so much has arrived, in bytes. A road with less on it counts as empty. */
export const untoldBytes = 32 * 1024;

/**
 * How much may be on its way at once, so that a queue never builds up on a slow road, where all other connections would
 * wait behind it: some times the measured rate by the shortest measured round trip. A round trip is measured on the empty
 * road only, which for that is let run empty from time to time: on any other it would have the queue in it, and the queue
 * would make itself longer. Times are in milliseconds, of any clock that does not go back. The idea is that of BBR
 * congestion control.
 */
export class Pacer {
  #sent = 0;
  #acknowledged = 0;
  readonly #batches: { end: number; at: number; acknowledged: number; since: number; alone: boolean }[] = [];
  #acknowledgedAt = 0;
  readonly #rate = new Extreme(rateMs, (a, b) => a >= b);
  readonly #roundTrip = new Extreme(roundTripMs, (a, b) => a <= b);

  /** Whether more may be sent at this time. */
  isOpen(now: number): boolean {
    const onTheWay = this.#sent - this.#acknowledged;
    return onTheWay < untoldBytes || (this.#roundTrip.isFresh(now) && onTheWay < this.limit);
  }

  /** In bytes. */
  get limit(): number {
    const rate = this.#rate.value, roundTrip = this.#roundTrip.value;
    if (rate === undefined || roundTrip === undefined) return least;
    return Math.min(most, Math.max(least, gain * rate * roundTrip));
  }

  /**
   * How much should be sent together, in bytes: nothing comes before what is part of it, and the other side tells of it as
   * a whole. To measure a round trip it is as little as is told of at once.
   */
  messageBytes(now: number): number {
    return this.#roundTrip.isFresh(now) ? Math.max(untoldBytes, Math.min(largestMessage, this.limit / 4)) : untoldBytes;
  }

  sent(bytes: number, now: number): void {
    const onTheWay = this.#sent - this.#acknowledged, isEmpty = onTheWay < untoldBytes;
    // Of less than that it is told at any later time.
    const alone = isEmpty && bytes >= untoldBytes;
    this.#sent += bytes;
    // Words that come late come all at once: what they tell of took as long as there were none.
    const since = isEmpty ? now : this.#acknowledgedAt;
    this.#batches.push({ end: this.#sent, at: now, acknowledged: this.#acknowledged, since, alone });
  }

  /** The other side has so many bytes more. */
  acknowledged(bytes: number, now: number): void {
    this.#acknowledged += bytes;
    this.#acknowledgedAt = now;
    let last: { since: number; acknowledged: number } | undefined;
    while ((this.#batches[0]?.end ?? Infinity) <= this.#acknowledged) {
      const batch = this.#batches.shift()!;
      if (batch.alone) this.#roundTrip.add(tookMs(batch.at, now), now);
      last = batch;
    }
    if (last !== undefined) this.#rate.add((this.#acknowledged - last.acknowledged) / tookMs(last.since, now), now);
  }
}

const tookMs = (from: number, to: number): number => Math.max(0.05, to - from);

/** The best value of the last while: candidates in order, each better than all that came after it. */
class Extreme {
  readonly #candidates: { value: number; at: number }[] = [];

  constructor(private readonly ms: number, private readonly better: (a: number, b: number) => boolean) {}

  add(value: number, now: number): void {
    const all = this.#candidates;
    while (all.length > 0 && this.better(value, all.at(-1)!.value)) all.pop();
    all.push({ value, at: now });
    while (all.length > 1 && now - all[0]!.at > this.ms) all.shift();
  }

  get value(): number | undefined {
    return this.#candidates[0]?.value;
  }

  /** Whether any value was added in the last while. */
  isFresh(now: number): boolean {
    const last = this.#candidates.at(-1);
    return last !== undefined && now - last.at <= this.ms;
  }
}
