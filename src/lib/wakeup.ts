/** Lets loops sleep until something has changed. A loop checks its condition first: a wake() that nobody waits for is lost. */
export class Wakeup {
  #waiting: PromiseWithResolvers<void> | undefined;

  /** Resolves at the next wake(). */
  get next(): Promise<void> {
    return (this.#waiting ??= Promise.withResolvers<void>()).promise;
  }

  /** Ends all waits that have begun. */
  wake(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }
}
