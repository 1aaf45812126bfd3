/** Tells much from what only goes on for long: so many bytes within so many milliseconds. */
export class Rate {
  #since = -Infinity;
  #bytes = 0;

  constructor(private readonly much: number, private readonly withinMs: number) {}

  /** Counts bytes. Returns true if they are many for the time, which is in milliseconds. */
  isMuch(bytes: number, now = performance.now()): boolean {
    if (now - this.#since > this.withinMs) {
      this.#since = now;
      this.#bytes = 0;
    }
    return (this.#bytes += bytes) >= this.much;
  }
}
