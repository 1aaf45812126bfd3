/** Which packets of one target are settled: answered, timed out or known to be unsent. Counts each only once. */
export class Attempts {
  #low = 0;
  readonly #above = new Set<number>();

  /** How many packets are settled. */
  get settled(): number {
    return this.#low + this.#above.size;
  }

  /** Settles a packet; false when it was settled before (a duplicate, or a reply after its time). */
  settle(seq: number): boolean {
    if (seq < this.#low || this.#above.has(seq)) return false;
    this.#above.add(seq);
    while (this.#above.delete(this.#low)) this.#low += 1;
    return true;
  }

  /** The packets up to and with `last` that are not settled, in order. */
  open(last: number): number[] {
    const open: number[] = [];
    for (let seq = this.#low; seq <= last; seq++) if (!this.#above.has(seq)) open.push(seq);
    return open;
  }
}

/**
 * Tells from the times at which packets were sent up to which round everything must be settled. fping sends round after
 * round, each in the same order, and looks for timeouts before it sends; so a packet sent a timeout after a whole round
 * proves that what is still open of that round was never sent.
 */
export class Rounds {
  readonly #sent: { round: number; by: number }[] = [];
  #newest = -1;

  /** `toleranceMs` covers that fping may be interrupted between looking and sending. */
  constructor(private readonly timeoutMs: number, private readonly toleranceMs = 100) {}

  /**
   * A packet of `seq` was sent at `at` (milliseconds); `last` when its target is the last of a round.
   * Returns the round up to which everything must be settled, if that is a new one.
   */
  sent(seq: number, at: number, last: boolean): number | undefined {
    const complete = last ? seq : seq - 1;
    if (complete > this.#newest) {
      this.#newest = complete;
      this.#sent.push({ round: complete, by: at });
    }
    let due: number | undefined;
    while (this.#sent[0] !== undefined && this.#sent[0].by + this.timeoutMs + this.toleranceMs <= at) {
      due = this.#sent.shift()?.round;
    }
    return due;
  }
}
