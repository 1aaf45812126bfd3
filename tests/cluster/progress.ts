/**
 * Reports progress on stderr: on a terminal one line that is updated, otherwise a line for each step and one now and then.
 */
export class Progress implements Disposable {
  readonly #began = performance.now();
  readonly #terminal = Deno.stderr.isTerminal();
  #step = "";
  #stepBegan = 0;
  #detail = "";
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Begins the next step. */
  step(text: string): void {
    this.#finish();
    this.#step = text;
    this.#stepBegan = performance.now();
    this.#detail = "";
    if (!this.#terminal) write(`${clock(performance.now() - this.#began)}  ${text}\n`);
    this.#timer = setInterval(() => this.#tick(), this.#terminal ? 200 : 15_000);
  }

  /** Sets the detail of the step, shown with the next tick. */
  readonly detail = (text: string): void => {
    this.#detail = text;
  };

  /** Prints a permanent line. */
  say(text: string): void {
    this.#finish();
    write(`${text}\n`);
  }

  [Symbol.dispose](): void {
    this.#finish();
  }

  #tick(): void {
    const seconds = clock(performance.now() - (this.#terminal ? this.#stepBegan : this.#began));
    const line = progressLine(seconds, this.#step, this.#detail, this.#terminal ? columns() : Infinity);
    write(this.#terminal ? `\r\x1b[2K${line}` : `${line}\n`);
  }

  #finish(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (!this.#terminal) return;
    write(`\r\x1b[2K${clock(performance.now() - this.#stepBegan)}  ${this.#step}\n`);
  }
}

/** Returns one line of progress, truncated to the width of the terminal. */
export function progressLine(seconds: string, step: string, detail: string, width: number): string {
  const line = detail === "" ? `${seconds}  ${step} …` : `${seconds}  ${step}: ${detail}`;
  return line.length < width ? line : `${line.slice(0, width - 2)}…`;
}

/** Formats a duration as `12 s` or `3 min 07 s`, padded to a fixed width. */
export function clock(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const text = seconds < 60
    ? `${seconds} s`
    : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  return text.padStart(11);
}

function columns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}

function write(text: string) {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  } catch (error) {
    // A closed stderr must not interrupt the clean-up.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
