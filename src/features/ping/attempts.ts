/** The settled packets of one target: answered, timed out or known to be unsent. Counts each packet once. */
export class Attempts {
  #low = 0;
  readonly #above = new Set<number>();

  /** Number of settled packets. */
  get settled(): number {
    return this.#low + this.#above.size;
  }

  /** Settles a packet. Returns false if it was settled before (a duplicate, or a reply after its timeout). */
  settle(seq: number): boolean {
    if (seq < this.#low || this.#above.has(seq)) return false;
    this.#above.add(seq);
    while (this.#above.delete(this.#low)) this.#low += 1;
    return true;
  }

  /** Returns the unsettled packets up to and including `last`, in order. */
  open(last: number): number[] {
    const open: number[] = [];
    for (let seq = this.#low; seq <= last; seq++) if (!this.#above.has(seq)) open.push(seq);
    return open;
  }
}

/**
 * Finds the round up to which every packet must be settled, from the times at which packets were sent. fping sends round
 * after round in the same order, and checks for timeouts before it sends. A packet sent one timeout after a complete round
 * therefore proves that the open packets of that round were never sent.
 */
export class Rounds {
  readonly #sent: { round: number; by: number }[] = [];
  #newest = -1;

  /** `toleranceMs` allows for an interruption of fping between checking timeouts and sending. */
  constructor(private readonly timeoutMs: number, private readonly toleranceMs = 100) {}

  /**
   * Records that packet `seq` was sent at `at` (milliseconds); `last` is true for the last target of a round.
   * Returns the round up to which every packet must be settled, or undefined if that has not advanced.
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
