/** A program of this machine. */
export interface LocalProgram {
  name: string;
  pid: number;
}

/** Connections that go to a local address and come back from the pod. */
export interface Cycle {
  local: string;
  /** Listens on that address; undefined where this machine does not tell. */
  program?: LocalProgram;
  /** In words for people. */
  reason: string;
}

/** Where a connection leads to that is not let through. */
export interface Led {
  cycle: Cycle;
  /** It was not known before. */
  fresh: boolean;
}

/** Where answers are not heard, a connection counts as waiting for so long; milliseconds. */
const unheardMs = 2000;

/** One connection on its way to a local address. */
export class CycleLink {
  readonly arrivedAt = performance.now();
  connectedAt = NaN;
  readonly #admitted = Promise.withResolvers<Led | undefined>();
  readonly #over = Promise.withResolvers<void>();
  #isOver = false;
  #ahead = 0;
  readonly #rest = Promise.withResolvers<void>();

  constructor(readonly first: () => Promise<Uint8Array<ArrayBuffer> | undefined>, readonly heard: boolean) {}

  /** Resolves when it may be connected; or to the cycle that it is part of. */
  get admitted(): Promise<Led | undefined> {
    return this.#admitted.promise;
  }

  admit(led?: Led): void {
    this.#admitted.resolve(led);
  }

  connected(): void {
    this.connectedAt = performance.now();
  }

  /** The local application has answered, or the connection has ended. Where that is not heard, it says nothing. */
  end(): void {
    if (!this.heard) return;
    this.#isOver = true;
    this.#over.resolve();
    this.sendRest();
  }

  /** Resolves when it has ended, or was answered. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Still waits for an answer. */
  get waits(): boolean {
    return this.heard ? !this.#isOver : performance.now() - this.arrivedAt < unheardMs;
  }

  /** Lets so many of its first bytes go alone. */
  holdBack(ahead: number): void {
    this.#ahead = ahead;
  }

  sendRest(): void {
    this.#rest.resolve();
  }

  /** Number of these first bytes that may go now; the others may when `rest` resolves. */
  allowed(length: number): number {
    const ahead = this.#ahead;
    this.#ahead = 0;
    return ahead > 0 && ahead < length ? ahead : length;
  }

  get rest(): Promise<void> {
    return this.#rest.promise;
  }
}
