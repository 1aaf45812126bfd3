/** A short delay that can be interrupted. */
export class InterruptibleDelay {
  readonly #waiting = new Set<() => void>();
  #over = false;

  /** Resolves after `ms` milliseconds, or at the next `wake`. */
  wait(ms: number): Promise<void> {
    if (this.#over) return Promise.resolve();
    // Not Promise.race: a promise that settles late would keep every race it was in.
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#waiting.add(end);
    });
  }

  wake(): void {
    for (const end of [...this.#waiting]) end();
  }

  /** Ends all waits, and makes later ones return at once. */
  end(): void {
    this.#over = true;
    this.wake();
  }
}
