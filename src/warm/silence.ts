/** Measures how long the other end is silent. Times in which this process itself did not run do not count. */
export class Silence {
  #heardAt = performance.now();
  #lookedAt = this.#heardAt;
  /** The silence at the last look, in milliseconds. */
  ms = 0;

  /** `intervalMs`: time between two calls of `look()`. */
  constructor(private readonly intervalMs: number) {}

  /** Records a sign of life. */
  heard(): void {
    this.#heardAt = this.#lookedAt = performance.now();
    this.ms = 0;
  }

  /** Measures the silence. It is 0 if this process had no time itself: signs of life may be unread. */
  look(): number {
    const now = performance.now(), hadNoTime = now - this.#lookedAt > 2 * this.intervalMs;
    this.#lookedAt = now;
    if (hadNoTime) this.#heardAt = now;
    return this.ms = now - this.#heardAt;
  }
}
