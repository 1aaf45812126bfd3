import { CycleChain } from "./cycle_chain.ts";
import { type Cycle, CycleLink, type LocalProgram } from "./cycle_link.ts";

/** Time for which the pod answers everything itself before the address is tried again, in milliseconds. */
const closedMs = 10_000;
/** Shortest time between two sweeps of idle chains, in milliseconds. */
const sweepMs = 1000;

/**
 * Finds connections that lead back to a pod through this machine, as where a local port is forwarded to the very port that is
 * redirected to it.
 *
 * Where connections wait for answers while more come, one of them is let through in two steps: a few of its first bytes, and then
 * the rest. In a cycle another one comes from the pod that has just these few. Where a program reads more before it connects, or
 * the server speaks first, a cycle shows by connections that come only after a step, several times in a row.
 */
export class Cycles {
  readonly #chains = new Map<string, CycleChain>();
  readonly #known = new Map<string, { cycle: Cycle; until: number }>();
  #sweptAt = 0;

  /** `programAt` resolves to the program that listens on a local address. */
  constructor(private readonly programAt: (local: string) => Promise<LocalProgram | undefined>) {}

  /**
   * A connection from an address of the pod's network has come that is to go to a local one. `first` resolves to its first bytes,
   * undefined when it ends without any. `heard`: an answer of the local application would be heard of.
   */
  arrived(
    local: string,
    from: string,
    first: () => Promise<Uint8Array<ArrayBuffer> | undefined>,
    { heard = true } = {},
  ): CycleLink {
    const link = new CycleLink(first, heard), known = this.#known.get(local), key = `${local} ${from}`;
    if (known !== undefined && performance.now() < known.until) {
      link.admit({ cycle: known.cycle, fresh: false });
      return link;
    }
    this.#sweep();
    const chain = this.#chains.get(key) ?? new CycleChain(() => this.#found(local));
    this.#chains.set(key, chain);
    chain.add(link);
    return link;
  }

  /** Forgets addresses from which nothing comes any more. */
  #sweep(): void {
    const now = performance.now();
    if (now - this.#sweptAt < sweepMs) return;
    this.#sweptAt = now;
    for (const [key, chain] of this.#chains) if (chain.isIdle) this.#chains.delete(key);
  }

  async #found(local: string): Promise<Cycle> {
    const program = await this.programAt(local);
    const through = program === undefined ? "" : ` through ${program.name} (pid ${program.pid})`;
    const cycle = {
      local,
      ...(program === undefined ? {} : { program }),
      reason: `${local} leads back here${through}`,
    };
    this.#known.set(local, { cycle, until: performance.now() + closedMs });
    return cycle;
  }
}
