import { Code, ConnectError } from "@connectrpc/connect";
import type { Client } from "../clients.ts";
import { makeTable, Nft } from "./nft.ts";
import { throwNftRefusal } from "./nft_refusal.ts";
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
  precedes,
  releaseText,
  tableText,
} from "./rules.ts";
import { refusal } from "../refusal.ts";

/**
 * Ports of a pod, redirected by its kernel for a few seconds at a time and renewed only after a frame from the client: if
 * any participant dies or freezes, the lease expires and the kernel stops redirecting. Disposing ends the lease at once.
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

  /** Returns the existing redirects in this network. Rejects with ConnectError when rules are impossible. */
  async others(): Promise<HeldMap[]> {
    return heldMaps(await this.#nft.list("list maps").catch(throwNftRefusal));
  }

  /**
   * Creates the rules and starts to redirect; `maps` is the result of `others`. Rejects with ConnectError when another
   * session holds one of the ports.
   */
  async take(
    maps: readonly HeldMap[],
    ports: Ports,
    { takeover, ...where }: Pick<Rules, "listeners" | "loopbackOnly"> & { takeover: boolean },
  ): Promise<void> {
    const holders = holdersOf(maps, this.#rules, ports);
    const stranger = holders.find(({ session }) => session !== this.#rules.session);
    if (stranger !== undefined && !takeover) throw heldBy(stranger);
    await sweep(this.#nft, maps).catch(throwNftRefusal);
    const priority = Math.min(firstPriority, ...holders.map(({ priority }) => priority - 1));
    if (priority < leastPriority) throw new ConnectError("too many have taken over this port", Code.ResourceExhausted);
    this.#rules = { ...this.#rules, ...where, priority };
    this.#ports = ports;
    const before = await makeTable(this.#nft, (owned) => tableText(this.#rules, owned)).then(() => this.#renew()).catch(
      throwNftRefusal,
    );
    if (before !== undefined) throw heldBy(before);
  }

  /**
   * Renews the lease while frames arrive from the client. `lost` is called with the owner of the redirect that took over, or
   * with an error.
   */
  keep(client: Client, lost: (why: { by: string } | { error: unknown }) => void): void {
    this.#renewal = new Renewal(client, async (agoMs) => {
      const before = await this.#renew(agoMs);
      if (before !== undefined) lost({ by: before.owner });
    }, (error) => lost({ error }));
  }

  /**
   * Renews the lease, counted from the last frame of the client, `agoMs` milliseconds ago. Returns the redirect that
   * precedes this one, if any.
   */
  async #renew(agoMs = 0): Promise<(HeldMap & { port: number }) | undefined> {
    const maps = heldMaps(
      await this.#nft.do(leaseText(this.#rules, this.#ports, Math.max(1, leaseMs - Math.round(agoMs)))),
    );
    return holdersOf(maps, this.#rules, this.#ports).find((other) => precedes(other, this.#rules));
  }

  /** Releases the ports. */
  async release(): Promise<void> {
    this.#renewal?.[Symbol.dispose]();
    await this.#nft.do(releaseText(this.#rules)).catch(() => {}); // then the lease expires
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#renewal?.[Symbol.dispose]();
    await this.#nft.do(`delete table inet ${this.#rules.table}`).catch(() => {});
    await this.#nft[Symbol.asyncDispose]();
  }
}

function heldBy({ owner, port }: HeldMap & { port: number }): ConnectError {
  return refusal("PORT_TAKEN", `port ${port} is redirected by ${owner}`);
}
