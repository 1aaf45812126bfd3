/** First and longest wait before another attempt, in milliseconds. */
export interface Pace {
  firstMs: number;
  longestMs: number;
}

/** Waits between attempts: each is twice as long as the one before, with jitter. */
export class Backoff {
  #nextMs: number;

  constructor(private readonly pace: Pace) {
    this.#nextMs = pace.firstMs;
  }

  /** Returns the next wait, in milliseconds. */
  next(): number {
    const waitMs = this.#nextMs;
    this.#nextMs = Math.min(waitMs * 2, this.pace.longestMs);
    // Jitter: clients that lost their connections together must not reconnect at once.
    return waitMs * (0.75 + Math.random() / 2);
  }

  /** Makes the next wait the first one. */
  reset(): void {
    this.#nextMs = this.pace.firstMs;
  }
}
