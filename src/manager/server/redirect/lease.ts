import { Code, ConnectError } from "@connectrpc/connect";
import type { Client } from "../clients.ts";
import { makeTable, Nft } from "./nft.ts";
import { told } from "./refusal.ts";
import { Renewal } from "./renewal.ts";
import { sweep } from "./sweep.ts";
import type { HeldMap, Ports, Rules } from "./rules.ts";
import {
  firstPriority,
  heldMaps,
  holdersOf,
  leaseMs,
  leaseText,
  leastPriority,
  releaseText,
  standsBefore,
  tableText,
} from "./rules.ts";

/**
 * Ports of a pod, lent by its kernel for some seconds at a time, and renewed only when a frame has come from the client:
 * whatever dies or freezes, the kernel gives them back. Disposing gives them back at once.
 */
export class Lease implements AsyncDisposable {
  readonly #nft: Nft;
  #rules: Rules;
  #ports: Ports = { incoming: [], outgoing: [] };
  #renewal: Renewal | undefined;

  constructor(enter: readonly string[], who: Pick<Rules, "owner" | "session">) {
    const table = `scope_${crypto.randomUUID().slice(0, 8)}`;
    this.#rules = { ...who, table, priority: firstPriority, listeners: {}, loopbackOnly: false };
    this.#nft = new Nft(enter);
  }

  /** What is redirected in this network already. Rejects with ConnectError when there can be no rules. */
  async others(): Promise<HeldMap[]> {
    return heldMaps(await this.#nft.list("list maps").catch(told));
  }

  /**
   * Makes the rules, and redirects from now on; `maps` are what `others` found. Rejects with ConnectError when somebody else
   * has one of the ports.
   */
  async take(
    maps: readonly HeldMap[],
    ports: Ports,
    { takeover, ...where }: Pick<Rules, "listeners" | "loopbackOnly"> & { takeover: boolean },
  ): Promise<void> {
    const holders = holdersOf(maps, this.#rules, ports);
    const stranger = holders.find(({ session }) => session !== this.#rules.session);
    if (stranger !== undefined && !takeover) throw heldBy(stranger);
    await sweep(this.#nft, maps).catch(told);
    const priority = Math.min(firstPriority, ...holders.map(({ priority }) => priority - 1));
    if (priority < leastPriority) throw new ConnectError("too many have taken over this port", Code.ResourceExhausted);
    this.#rules = { ...this.#rules, ...where, priority };
    this.#ports = ports;
    const before = await makeTable(this.#nft, (owned) => tableText(this.#rules, owned)).then(() => this.#renew()).catch(
      told,
    );
    if (before !== undefined) throw heldBy(before);
  }

  /** Renews the lease as long as the client is heard of. `lost` is called with who took over, or with an error. */
  keep(client: Client, lost: (why: { by: string } | { error: unknown }) => void): void {
    this.#renewal = new Renewal(client, async (agoMs) => {
      const before = await this.#renew(agoMs);
      if (before !== undefined) lost({ by: before.owner });
    }, (error) => lost({ error }));
  }

  /** From when the client was heard of, some milliseconds ago. Returns who stands before this one, if anybody does. */
  async #renew(agoMs = 0): Promise<(HeldMap & { port: number }) | undefined> {
    const maps = heldMaps(
      await this.#nft.do(leaseText(this.#rules, this.#ports, Math.max(1, leaseMs - Math.round(agoMs)))),
    );
    return holdersOf(maps, this.#rules, this.#ports).find((other) => standsBefore(other, this.#rules));
  }

  /** Gives the ports back. */
  async release(): Promise<void> {
    this.#renewal?.[Symbol.dispose]();
    await this.#nft.do(releaseText(this.#rules)).catch(() => {}); // then they fall back by themselves
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#renewal?.[Symbol.dispose]();
    await this.#nft.do(`delete table inet ${this.#rules.table}`).catch(() => {});
    await this.#nft[Symbol.asyncDispose]();
  }
}

function heldBy({ owner, port }: HeldMap & { port: number }): ConnectError {
  return new ConnectError(`port ${port} is redirected by ${owner}`, Code.AlreadyExists);
}
