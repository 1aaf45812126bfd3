/** Longest time between two frames, in milliseconds, so that the clock advances. */
const idleMs = 1000;

/** Calls for a frame soon after a change, and once a second. Owns a timer until `stop()`. */
export class FrameTimer {
  readonly startedAt = Date.now();
  #drawnAt = -Infinity;
  #dueAt = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `frameMs` is the least time between two frames caused by `changed()`, in milliseconds. */
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

  /** Sets the only timer, unless a frame is due earlier. */
  #drawBy(at: number): void {
    if (this.#dueAt <= at) return;
    clearTimeout(this.#timer);
    this.#dueAt = at;
    this.#timer = setTimeout(() => this.now(), Math.max(0, at - Date.now()));
  }
}
