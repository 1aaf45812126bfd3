/** Something happens at least once in so many milliseconds: for the clock. */
const idleMs = 1000;

/** Calls for a frame: soon after something has changed, and once a second. It owns a timer until `stop()`. */
export class FrameTimer {
  readonly startedAt = Date.now();
  #drawnAt = -Infinity;
  #dueAt = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `frameMs` is the least time between two frames of `changed()`. */
  constructor(private readonly frameMs: number, private readonly draw: () => void) {}

  changed(): void {
    this.#drawBy(Math.max(Date.now(), this.#drawnAt + this.frameMs));
  }

  /** Draws at once. */
  now(): void {
    this.#drawnAt = Date.now();
    this.#dueAt = Infinity;
    this.draw();
    this.#drawBy(this.#drawnAt + idleMs - (this.#drawnAt - this.startedAt) % idleMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** One timer for whatever is due first. */
  #drawBy(at: number): void {
    if (this.#dueAt <= at) return;
    clearTimeout(this.#timer);
    this.#dueAt = at;
    this.#timer = setTimeout(() => this.now(), Math.max(0, at - Date.now()));
  }
}
