/** Says on stderr what goes on: one moving line on a terminal, else a line a step and one more now and then. */
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

  /** What the step is at, shown with the next tick. */
  readonly detail = (text: string): void => {
    this.#detail = text;
  };

  /** A line that stays. */
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

/** One line of progress, cut to the width of the terminal. */
export function progressLine(seconds: string, step: string, detail: string, width: number): string {
  const line = detail === "" ? `${seconds}  ${step} …` : `${seconds}  ${step}: ${detail}`;
  return line.length < width ? line : `${line.slice(0, width - 2)}…`;
}

/** `12 s` or `3 min 07 s`, of so many milliseconds, to a width that lines up. */
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
    // That nobody reads it any more must not end what cleans up.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
