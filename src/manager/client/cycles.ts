import { defined } from "../../lib/defined.ts";
import { CycleChain } from "./cycle_chain.ts";
import { type Cycle, CycleLink, type LocalProgram } from "./cycle_link.ts";

/** Time for which the pod answers all connections of a cycle before its address is tried again, in milliseconds. */
const closedMs = 10_000;
/** Shortest time between two sweeps of idle chains, in milliseconds. */
const sweepMs = 1000;

/**
 * Finds connections that lead back to a pod through this machine, for example when a local port is forwarded to the same port
 * that is redirected to it.
 *
 * If new connections arrive while others wait for answers, one of them is admitted in two steps: a few first bytes, then the
 * rest. In a cycle, a connection with exactly these few bytes arrives from the pod. If a program reads more before it connects,
 * or if the server speaks first, connections that arrive only after a step, several times in a row, reveal the cycle.
 */
export class Cycles {
  readonly #chains = new Map<string, CycleChain>();
  readonly #known = new Map<string, { cycle: Cycle; until: number }>();
  #sweptAt = 0;

  /** `programAt` resolves to the program that listens on a local address. */
  constructor(private readonly programAt: (local: string) => Promise<LocalProgram | undefined>) {}

  /**
   * Records a connection from an address of the pod's network to a local address. `first` resolves to its first bytes, or to
   * undefined if it ends without any. `heard`: answers of the local application are observed.
   */
  arrived(
    local: string,
    from: string,
    first: () => Promise<Uint8Array<ArrayBuffer> | undefined>,
    { observed = true } = {},
  ): CycleLink {
    const link = new CycleLink(first, observed), known = this.#known.get(local), key = `${local} ${from}`;
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

  /** Deletes the chains of addresses without recent connections. */
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
      ...defined({ program }),
      reason: `${local} leads back here${through}`,
    };
    this.#known.set(local, { cycle, until: performance.now() + closedMs });
    return cycle;
  }
}
