import { Wakeup } from "../../../lib/wakeup.ts";

/** Credit of one side: the bytes that it may send before the other side has read more. */
export class SendCredit {
  #left: number;
  readonly #changed = new Wakeup();
  #closed = false;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  add(bytes: number): void {
    this.#left += bytes;
    this.#changed.wake();
  }

  /** Takes up to `wanted` bytes of credit. Waits until there is at least one byte. Returns 0 if the credit was closed. */
  async take(wanted: number): Promise<number> {
    while (this.#left <= 0 && !this.#closed) await this.#changed.next;
    if (this.#closed) return 0;
    const taken = Math.min(wanted, this.#left);
    this.#left -= taken;
    return taken;
  }

  /** Ends pending and future calls of `take`. */
  close(): void {
    this.#closed = true;
    this.#changed.wake();
  }
}

/** Initial and largest window of a connection, in bytes. The largest one suffices for 1 Gbit/s at a round-trip time of 50 ms. */
const firstWindow = 256 * 1024, largestWindow = 8 * 1024 * 1024;
/** With more than `manyConnections`, a new one gets `smallWindow`, so that a thousand stalled ones do not fill the memory. */
const manyConnections = 64, smallWindow = 64 * 1024;
/** Limit of the growth of all windows of a side together, in bytes. */
const growthLimit = 64 * 1024 * 1024;

/** Receive windows of one side. Windows of busy connections grow, within a common limit. */
export class Windows {
  #open = 0;
  #grown = 0;

  open(): ReceiveWindow {
    this.#open += 1;
    const first = this.#open > manyConnections ? smallWindow : firstWindow;
    return new ReceiveWindow(first, {
      grow: (bytes) => {
        if (this.#grown + bytes > growthLimit) return false;
        this.#grown += bytes;
        return true;
      },
      close: (grown) => {
        this.#open -= 1;
        this.#grown -= grown;
      },
    });
  }
}

/** Receive window of one connection: decides how much the other side may send, and when it gets more credit. */
export class ReceiveWindow {
  readonly first: number;
  #size: number;
  #unreported = 0;
  #sinceGrown = 0;
  #open = true;

  constructor(size: number, private readonly all: { grow(bytes: number): boolean; close(grown: number): void }) {
    this.first = this.#size = size;
  }

  /** Records that bytes were read. Returns the credit to send to the other side now, often 0. */
  consume(bytes: number): number {
    this.#unreported += bytes;
    this.#sinceGrown += bytes;
    let more = 0;
    if (this.#sinceGrown >= this.#size * 2 && this.#size * 2 <= largestWindow && this.all.grow(this.#size)) {
      more = this.#size;
      this.#size *= 2;
      this.#sinceGrown = 0;
    }
    if (more === 0 && this.#unreported < this.#size / 4) return 0;
    more += this.#unreported;
    this.#unreported = 0;
    return more;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.all.close(this.#size - this.first);
  }
}
