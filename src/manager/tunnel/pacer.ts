/** Bytes that may always be on their way; and never more than this. */
const least = 128 * 1024, most = 16 * 1024 * 1024;
/** How many times what the road holds may be on its way: more lets the estimate grow. */
const gain = 3;
/** For how long a measured rate counts, and a measured round trip, in milliseconds. */
const rateMs = 2000, roundTripMs = 10_000;

/**
 * How much may be on its way at once, so that a queue never builds up on a slow road, where all other connections would
 * wait behind it: some times the measured rate by the shortest measured round trip. Times are in milliseconds, of any
 * clock that does not go back. The idea is that of BBR congestion control, without its phases.
 */
export class Pacer {
  #sent = 0;
  #acknowledged = 0;
  readonly #batches: { end: number; at: number; acknowledged: number }[] = [];
  readonly #rate = new Extreme(rateMs, (a, b) => a >= b);
  readonly #roundTrip = new Extreme(roundTripMs, (a, b) => a <= b);

  /** Whether more may be sent now. */
  get open(): boolean {
    return this.#sent - this.#acknowledged < this.limit;
  }

  /** In bytes. */
  get limit(): number {
    const rate = this.#rate.value, roundTrip = this.#roundTrip.value;
    if (rate === undefined || roundTrip === undefined) return least;
    return Math.min(most, Math.max(least, gain * rate * roundTrip));
  }

  sent(bytes: number, now: number): void {
    this.#sent += bytes;
    this.#batches.push({ end: this.#sent, at: now, acknowledged: this.#acknowledged });
  }

  /** The other side has so many bytes more. */
  acknowledged(bytes: number, now: number): void {
    this.#acknowledged += bytes;
    let last: { at: number; acknowledged: number } | undefined;
    while ((this.#batches[0]?.end ?? Infinity) <= this.#acknowledged) last = this.#batches.shift();
    if (last === undefined) return;
    const took = Math.max(0.05, now - last.at);
    this.#roundTrip.add(took, now);
    this.#rate.add((this.#acknowledged - last.acknowledged) / took, now);
  }
}

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
}
