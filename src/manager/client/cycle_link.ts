/** A program on this machine. */
export interface LocalProgram {
  name: string;
  pid: number;
}

/** A local address whose connections lead back to the pod. */
export interface Cycle {
  local: string;
  /** The program that listens on the address; undefined if it cannot be determined. */
  program?: LocalProgram;
  /** Description for users. */
  reason: string;
}

/** The cycle that a refused connection is part of. */
export interface Led {
  cycle: Cycle;
  /** True if the cycle was not known before. */
  fresh: boolean;
}

/** Time for which a connection counts as waiting if its answers are not observed, in milliseconds. */
const unheardMs = 2000;

/** A connection to a local address that may be held back by a test for cycles. */
export class CycleLink {
  readonly arrivedAt = performance.now();
  connectedAt = NaN;
  readonly #admitted = Promise.withResolvers<Led | undefined>();
  readonly #over = Promise.withResolvers<void>();
  #isOver = false;
  #ahead = 0;
  readonly #rest = Promise.withResolvers<void>();

  constructor(readonly first: () => Promise<Uint8Array<ArrayBuffer> | undefined>, readonly observed: boolean) {}

  /** Resolves when the link may be connected; to a cycle if the link is part of one. */
  get admitted(): Promise<Led | undefined> {
    return this.#admitted.promise;
  }

  admit(led?: Led): void {
    this.#admitted.resolve(led);
  }

  connected(): void {
    this.connectedAt = performance.now();
  }

  /** Records that the local application has answered or the connection has ended. No effect if answers are not observed. */
  end(): void {
    if (!this.observed) return;
    this.#isOver = true;
    this.#over.resolve();
    this.sendRest();
  }

  /** Resolves when the connection has ended or was answered. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** True while the connection waits for an answer. */
  get waits(): boolean {
    return this.observed ? !this.#isOver : performance.now() - this.arrivedAt < unheardMs;
  }

  /** Allows `ahead` of the first bytes, and holds back the rest until `sendRest`. */
  holdBack(ahead: number): void {
    this.#ahead = ahead;
  }

  sendRest(): void {
    this.#rest.resolve();
  }

  /** Returns how many of the first `length` bytes may be sent now; the others may be sent when `rest` resolves. */
  allowed(length: number): number {
    const ahead = this.#ahead;
    this.#ahead = 0;
    return ahead > 0 && ahead < length ? ahead : length;
  }

  get rest(): Promise<void> {
    return this.#rest.promise;
  }
}
