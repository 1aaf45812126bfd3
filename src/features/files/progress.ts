import { progressLine } from "../../text/progress_line.ts";
import type { Progress } from "../../text/progress_line.ts";
import { windowSize, writeAll } from "../../terminal/terminal.ts";

/** How often the line is drawn, and how long a copy is quick enough to need none, in milliseconds. */
const drawMs = 200, quietMs = 500;
const clear = "\r\x1b[K";

/** How far a copy is, on stderr where that is a terminal, until disposed. */
export class ProgressShown implements Disposable {
  readonly state: Progress = { name: "", files: 0, totalFiles: 0, bytes: 0, resumedBytes: 0, elapsedMs: 0 };
  readonly #started = performance.now();
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #drawn = false;

  constructor(enabled: boolean) {
    if (enabled && Deno.stderr.isTerminal()) this.#timer = setInterval(() => this.#draw(), drawMs);
  }

  get elapsedMs(): number {
    return performance.now() - this.#started;
  }

  /** Takes the line away, as something else is written. */
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
    writeAll(Deno.stderr, new TextEncoder().encode(text));
  } catch {
    // Nobody looks.
  }
}
