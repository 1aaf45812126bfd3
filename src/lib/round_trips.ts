/**
 * Statistics of round-trip times, exact for runs of any length in little memory: the tool prints three significant digits, so
 * there are at most some thousand different times, and counting each of them is enough.
 */
export class RoundTrips {
  readonly #counts = new Map<number, number>();
  #sorted: number[] | undefined;
  #count = 0;
  #sum = 0;

  add(ms: number): void {
    const before = this.#counts.get(ms);
    if (before === undefined) this.#sorted = undefined;
    this.#counts.set(ms, (before ?? 0) + 1);
    this.#count += 1;
    this.#sum += ms;
  }

  get count(): number {
    return this.#count;
  }

  /** The mean, rounded to a microsecond; undefined without any time. */
  get averageMs(): number | undefined {
    return this.#count === 0 ? undefined : Math.round(this.#sum / this.#count * 1000) / 1000;
  }

  get minMs(): number | undefined {
    return this.percentile(0);
  }

  get maxMs(): number | undefined {
    return this.percentile(100);
  }

  /**
   * Returns the percentile by nearest rank: the smallest measured time that is at least as long as `percent` of all times.
   * Never interpolated, so the result is always a measured time.
   */
  percentile(percent: number): number | undefined {
    const rank = Math.max(1, Math.ceil(percent / 100 * this.#count));
    let seen = 0;
    this.#sorted ??= [...this.#counts.keys()].sort((a, b) => a - b);
    for (const ms of this.#sorted) {
      seen += this.#counts.get(ms) ?? 0;
      if (seen >= rank) return ms;
    }
    return undefined;
  }
}
