/** How the user or the system asks scope to end: the first time it ends in order, the second time at once. */
export class Interrupt {
  readonly #controller = new AbortController();
  /** 128 + the signal's number, once there was one. */
  code: number | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends in order, as if all had been done: a key said so. */
  quit(): void {
    this.#controller.abort(new Interrupted("SIGINT"));
  }

  /** Returns true when this is not the first time. */
  raise(name: keyof typeof signals): boolean {
    const again = this.code !== undefined;
    this.code ??= 128 + signals[name];
    this.#controller.abort(new Interrupted(name));
    return again;
  }
}

/** The signals that end scope, with their numbers, see signal(7). */
export const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Thrown by what was interrupted; not an error to tell of. */
export class Interrupted extends Error {
  constructor(readonly signal: keyof typeof signals) {
    super(`interrupted by ${signal}`);
  }
}
