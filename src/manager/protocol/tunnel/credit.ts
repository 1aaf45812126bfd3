/** What a side may send to the other one before that has read on. */
export class SendCredit {
  #left: number;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  add(bytes: number): void {
    this.#left += bytes;
    this.#wake?.();
  }

  /** Takes as much as there is of `wanted`, at least one byte; 0 when it was closed. */
  async take(wanted: number): Promise<number> {
    while (this.#left <= 0 && !this.#closed) await new Promise<void>((wake) => this.#wake = wake);
    if (this.#closed) return 0;
    const taken = Math.min(wanted, this.#left);
    this.#left -= taken;
    return taken;
  }

  /** Nobody waits for more. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }
}

/** A connection's window at first, in bytes, and what it grows to when it carries much: 50 ms at 1 Gbit/s and more. */
const firstWindow = 256 * 1024, largestWindow = 8 * 1024 * 1024;
/** With many connections a new one gets less, so that a thousand that stand still do not fill the memory. */
const manyConnections = 64, smallWindow = 64 * 1024;
/** What all windows of a side may have grown by together. */
const growthLimit = 64 * 1024 * 1024;

/** The windows that one side has given for what it receives: those that carry much grow, within a limit for all. */
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

/** How much of one connection the other side may send, and when it is told that it may send more. */
export class ReceiveWindow {
  readonly first: number;
  #size: number;
  #unreported = 0;
  #sinceGrown = 0;
  #open = true;

  constructor(size: number, private readonly all: { grow(bytes: number): boolean; close(grown: number): void }) {
    this.first = this.#size = size;
  }

  /** Bytes were read on. Returns how much more the other side may be told to send now, often 0. */
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
