/** Requests of the user or the system to end scope: the first ends it in order, the second at once. */
export class Interrupt {
  readonly #controller = new AbortController();
  /** 128 + the signal's number, after the first signal. */
  code: number | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends in order, as if all work were done, after a key press. */
  quit(): void {
    this.#controller.abort(new Interrupted("SIGINT"));
  }

  /** Returns true for every signal after the first. */
  raise(name: keyof typeof signals): boolean {
    const again = this.code !== undefined;
    this.code ??= 128 + signals[name];
    this.#controller.abort(new Interrupted(name));
    return again;
  }
}

/** The signals that end scope, with their numbers, see signal(7). */
export const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Thrown by interrupted work; not printed as an error. */
export class Interrupted extends Error {
  constructor(readonly signal: keyof typeof signals) {
    super(`interrupted by ${signal}`);
  }
}
