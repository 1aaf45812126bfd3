import { Wakeup } from "./wakeup.ts";

/** A queue between several producers and one consumer. A producer waits until the consumer takes its value. */
export class Channel<T> implements AsyncIterable<T> {
  readonly #waiting: { value: T; taken: () => void }[] = [];
  readonly #changed = new Wakeup();
  #closed = false;

  push(value: T): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((taken) => {
      this.#waiting.push({ value, taken });
      this.#changed.wake();
    });
  }

  /** Ends the queue. Values pushed before are still delivered. */
  close(): void {
    this.#closed = true;
    this.#changed.wake();
  }

  /** Closes the queue and drops waiting values: pending and later pushes resolve at once. */
  discard(): void {
    this.close();
    for (const { taken } of this.#waiting.splice(0)) taken();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    try {
      while (true) {
        const next = this.#waiting.shift();
        if (next !== undefined) {
          next.taken();
          yield next.value;
        } else if (this.#closed) {
          return;
        } else {
          await this.#changed.next;
        }
      }
    } finally {
      this.discard();
    }
  }
}
