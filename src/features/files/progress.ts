import { progressLine } from "../../text/progress_line.ts";
import type { Progress } from "../../text/progress_line.ts";
import { windowSize, writeAll } from "../../terminal/terminal.ts";
import { userProcess } from "../../terminal/user_process.ts";

/** Interval between redraws, and time before the line is drawn at all, in milliseconds. */
const drawMs = 200, quietMs = 500;
const clear = "\r\x1b[K";

/** Shows a copy's progress on stderr, if that is a terminal, until disposed. */
export class ProgressShown implements Disposable {
  readonly state: Progress = { name: "", files: 0, totalFiles: 0, bytes: 0, resumedBytes: 0, elapsedMs: 0 };
  readonly #started = performance.now();
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #drawn = false;

  constructor(enabled: boolean) {
    if (enabled && userProcess().stderr.isTerminal()) this.#timer = setInterval(() => this.#draw(), drawMs);
  }

  get elapsedMs(): number {
    return performance.now() - this.#started;
  }

  /** Erases the line, so that other output can be written. */
  hide(): void {
    if (!this.#drawn) return;
    this.#drawn = false;
    write(clear);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.hide();
  }

  #draw(): void {
    this.state.elapsedMs = this.elapsedMs;
    if (this.state.elapsedMs < quietMs) return;
    this.#drawn = true;
    write(clear + progressLine(this.state, windowSize().columns));
  }
}

function write(text: string): void {
  try {
    writeAll(userProcess().stderr, new TextEncoder().encode(text));
  } catch {
    // Progress is optional: stderr may be closed.
  }
}
