/** Lower and upper limit of the bytes in flight. */
const least = 128 * 1024, most = 16 * 1024 * 1024;
/** Approximate limit of the data in a message, in bytes; a single frame may be larger. */
export const largestMessage = 256 * 1024;
/** Multiple of the bandwidth-delay product that may be in flight; more than 1 lets the estimate grow. */
const gain = 3;
/** Validity of a measured rate and of a measured round-trip time, in milliseconds. */
const rateMs = 2000, roundTripMs = 10_000;
/** Acknowledgements are delayed until this many bytes arrived; with less in flight the path counts as idle. */
export const untoldBytes = 32 * 1024;

/**
 * Limits the bytes in flight, so that no queue builds up on a slow path, where all other connections would wait behind it.
 * The limit is `gain` times the measured rate times the shortest measured round-trip time. That time is measured on an idle
 * path only, so the path is drained from time to time: otherwise the time would include the queue, and the limit would
 * lengthen the queue. Times are in milliseconds of a monotonic clock. The idea is that of BBR congestion control.
 */
export class Pacer {
  #sent = 0;
  #acknowledged = 0;
  readonly #batches: { end: number; at: number; acknowledged: number; since: number; alone: boolean }[] = [];
  #acknowledgedAt = 0;
  readonly #rate = new Extreme(rateMs, (a, b) => a >= b);
  readonly #roundTrip = new Extreme(roundTripMs, (a, b) => a <= b);

  /** True if more may be sent at this time. */
  isOpen(now: number): boolean {
    const inFlight = this.#sent - this.#acknowledged;
    return inFlight < untoldBytes || (this.#roundTrip.isFresh(now) && inFlight < this.limit);
  }

  /** Limit of the bytes in flight. */
  get limit(): number {
    const rate = this.#rate.value, roundTrip = this.#roundTrip.value;
    if (rate === undefined || roundTrip === undefined) return least;
    return Math.min(most, Math.max(least, gain * rate * roundTrip));
  }

  /**
   * Returns the data that a message should have, in bytes. Nothing overtakes parts of a message, and it is acknowledged as a
   * whole. To measure a round-trip time, it is the smallest amount that is acknowledged at once.
   */
  messageBytes(now: number): number {
    return this.#roundTrip.isFresh(now) ? Math.max(untoldBytes, Math.min(largestMessage, this.limit / 4)) : untoldBytes;
  }

  sent(bytes: number, now: number): void {
    const inFlight = this.#sent - this.#acknowledged, isEmpty = inFlight < untoldBytes;
    // Acknowledgements of smaller messages are delayed.
    const alone = isEmpty && bytes >= untoldBytes;
    this.#sent += bytes;
    // Late acknowledgements arrive in a burst: measure the rate over the whole silent interval before them.
    const since = isEmpty ? now : this.#acknowledgedAt;
    this.#batches.push({ end: this.#sent, at: now, acknowledged: this.#acknowledged, since, alone });
  }

  /** Records that the other side received more bytes. */
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

/** The best value of the last `ms` milliseconds. Candidates are in order of time, each better than all later ones. */
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

  /** True if a value was added in the last `ms` milliseconds. */
  isFresh(now: number): boolean {
    const last = this.#candidates.at(-1);
    return last !== undefined && now - last.at <= this.ms;
  }
}
