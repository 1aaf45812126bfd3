import { Code, ConnectError } from "@connectrpc/connect";
import type { Client } from "../clients.ts";
import { Nft, NftError } from "./nft.ts";
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

/** How often it is looked whether the client has said anything, and how often at most the lease is renewed; milliseconds. */
const lookMs = 200, renewMs = 900;

/**
 * Ports of a pod, lent by its kernel for some seconds at a time, and renewed only when a frame has come from the client:
 * whatever dies or freezes, the kernel gives them back. Disposing gives them back at once.
 */
export class Lease implements AsyncDisposable {
  readonly #nft: Nft;
  #rules: Rules;
  #ports: Ports = { incoming: [], outgoing: [] };
  #timer: ReturnType<typeof setInterval> | undefined;

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
    const before = await this.#makeTable().then(() => this.#renew()).catch(told);
    if (before !== undefined) throw heldBy(before);
  }

  /** The kernel drops a table with its owner, from Linux 5.12 on; before that one stays when this manager is killed. */
  async #makeTable(): Promise<void> {
    try {
      await this.#nft.do(tableText(this.#rules, true));
    } catch (error) {
      if (!/not supported|Invalid argument/i.test((error as Error).message)) throw error;
      await this.#nft.do(tableText(this.#rules, false));
    }
  }

  /** Renews the lease as long as the client is heard of. `lost` is called with who took over, or with an error. */
  keep({ session }: Client, lost: (why: { by: string } | { error: unknown }) => void): void {
    let bytes = session.socket?.bytesRead ?? 0, heardAt = performance.now();
    let renewed = heardAt, renewedAt = heardAt, busy = false;
    this.#timer = setInterval(async () => {
      const all = session.socket?.bytesRead ?? bytes, now = performance.now();
      if (all !== bytes) heardAt = now;
      bytes = all;
      if (busy || heardAt === renewed || now - renewedAt < renewMs) return;
      renewed = heardAt;
      renewedAt = now;
      busy = true;
      try {
        const before = await this.#renew(now - heardAt);
        if (before !== undefined) lost({ by: before.owner });
      } catch (error) {
        if (this.#timer === undefined) return; // it was ended meanwhile
        lost({ error: new ConnectError(`the rules are gone: ${(error as Error).message}`, Code.Aborted) });
      }
      busy = false;
    }, lookMs);
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
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#nft.do(releaseText(this.#rules)).catch(() => {}); // then they fall back by themselves
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#nft.do(`delete table inet ${this.#rules.table}`).catch(() => {});
    await this.#nft[Symbol.asyncDispose]();
  }
}

function heldBy({ owner, port }: HeldMap & { port: number }): ConnectError {
  return new ConnectError(`port ${port} is redirected by ${owner}`, Code.AlreadyExists);
}

function told(error: unknown): never {
  throw error instanceof NftError ? refused(error.message) : error;
}

/** Why there can be no rules, from what nft says. */
export function refused(message: string): ConnectError {
  const [first = ""] = message.split("\n");
  if (/Operation not permitted|must be root/i.test(message)) {
    return new ConnectError(
      "the manager may not change the network of the pod: NET_ADMIN is missing",
      Code.PermissionDenied,
    );
  }
  if (/not supported|Invalid argument|No such file or directory|cache initialization failed/i.test(message)) {
    return new ConnectError(
      `the kernel of the node cannot redirect: it needs nf_tables with NAT for inet, Linux 5.2 or later (${first})`,
      Code.FailedPrecondition,
    );
  }
  return new ConnectError(`cannot make the rules: ${first}`, Code.Internal);
}
