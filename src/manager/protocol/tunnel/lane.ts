/** The receiving end of a lane: one direction of a connection that does not travel in frames. */
export interface LaneIn {
  /** Returns the next bytes; undefined at the end. Rejects when the lane is lost. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  close(): void;
}

/** The sending end of a lane. */
export interface LaneOut {
  /** Writes bytes; resolves when more can be written. Rejects when the lane is lost or closed. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Ends the lane after what was written. */
  end(): void;
  /** Ends the lane at once. */
  close(): void;
}

/** Time in which the sender must say that it has left a lane that has ended, in milliseconds. */
const leftMs = 5000;

/** Reader of a lane: counts its bytes, up to the last one before the sender has left it. */
export class Incoming {
  #bytes = 0;
  #last: number | undefined;
  #next: Uint8Array<ArrayBuffer> | undefined;
  #reading = false;
  #over = false;
  #late: ReturnType<typeof setTimeout> | undefined;
  #isLate = false;

  constructor(private readonly lane: LaneIn, private readonly changed: () => void) {}

  /** The sender has left the lane after so many bytes. */
  left(bytes: number): void {
    this.#last = bytes;
    clearTimeout(this.#late);
    this.changed();
  }

  get isLeft(): boolean {
    return this.#last !== undefined;
  }

  /** True when all bytes were taken. */
  get isDone(): boolean {
    return this.#bytes === this.#last;
  }

  /** True when the lane has ended before all bytes have come. How many they are may be told only after its end. */
  get isLost(): boolean {
    return this.#over && this.#next === undefined && (this.isLeft || this.#isLate) && !this.isDone;
  }

  /** Returns the next bytes; undefined when there are none yet: `changed` is called when there are. */
  take(): Uint8Array<ArrayBuffer> | undefined {
    const bytes = this.#next;
    this.#next = undefined;
    if (bytes === undefined) void this.#read();
    else this.#bytes += bytes.length;
    return bytes;
  }

  async #read(): Promise<void> {
    if (this.#reading || this.#over || this.isDone) return;
    this.#reading = true;
    this.#next = await this.lane.read().catch(() => undefined);
    this.#over = this.#next === undefined;
    this.#reading = false;
    if (this.#over && !this.isLeft) {
      this.#late = setTimeout(() => {
        this.#isLate = true;
        this.changed();
      }, leftMs);
    }
    this.changed();
  }

  close(): void {
    clearTimeout(this.#late);
    this.lane.close();
  }
}

/** Writer of a lane: counts its bytes, and notices when none is written for a while. */
export class Outgoing {
  /** Bytes that were sent. */
  bytes = 0;
  #writing = false;
  #at = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;

  /** Calls `idle` when nothing was written for `idleMs` milliseconds. */
  constructor(private readonly lane: LaneOut, idleMs: number, idle: () => void) {
    this.#timer = setInterval(() => {
      if (!this.#writing && performance.now() - this.#at >= idleMs) idle();
    }, idleMs / 5);
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#writing = true;
    this.bytes += bytes.length;
    await this.lane.write(bytes);
    this.#at = performance.now();
    this.#writing = false;
  }

  end(): void {
    clearInterval(this.#timer);
    this.lane.end();
  }

  close(): void {
    clearInterval(this.#timer);
    this.lane.close();
  }
}
