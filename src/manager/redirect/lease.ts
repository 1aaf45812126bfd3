import { Code, ConnectError } from "@connectrpc/connect";
import type { Client } from "../clients.ts";
import { Nft, NftError } from "./nft.ts";
import type { HeldMap, Ports, Rules } from "./rules.ts";
import {
  abandonedTables,
  firstPriority,
  heldMaps,
  holdersOf,
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
  /** Who has taken one of the ports from this one. */
  takenOverBy: string | undefined;
  readonly #nft: Nft;
  #rules: Rules;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    enter: readonly string[],
    rules: Omit<Rules, "table" | "priority">,
    private readonly ports: Ports,
  ) {
    const table = `scope_${crypto.randomUUID().slice(0, 8)}`;
    this.#rules = { ...rules, table, priority: firstPriority };
    this.#nft = new Nft(enter);
  }

  /** Makes the rules, and redirects from now on. Throws ConnectError when somebody else has one of the ports. */
  async take(takeover: boolean): Promise<void> {
    try {
      const maps = heldMaps(await this.#nft.list("list maps"));
      const holders = holdersOf(maps, this.#rules, this.ports);
      const stranger = holders.find(({ session }) => session !== this.#rules.session);
      if (stranger !== undefined && !takeover) throw heldBy(stranger);
      const abandoned = abandonedTables(await this.#nft.list("list tables"), maps);
      for (const table of abandoned) await this.#nft.do(`delete table inet ${table}`).catch(() => {});
      const priority = Math.min(firstPriority, ...holders.map(({ priority }) => priority - 1));
      if (priority < leastPriority) {
        throw new ConnectError("too many have taken over this port", Code.ResourceExhausted);
      }
      this.#rules = { ...this.#rules, priority };
      await this.#makeTable();
      await this.#renew();
      if (this.takenOverBy !== undefined) throw new ConnectError(this.takenOverBy, Code.AlreadyExists);
    } catch (error) {
      throw error instanceof NftError ? refused(error.message) : error;
    }
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

  /** Renews the lease as long as the client is heard of. `lost` is called once, without an error when it was taken over. */
  keep({ session }: Client, lost: (error?: unknown) => void): void {
    let heard = session.socket?.bytesRead ?? 0, renewedAt = performance.now(), busy = false;
    this.#timer = setInterval(async () => {
      const bytes = session.socket?.bytesRead ?? heard, now = performance.now();
      if (busy || bytes === heard || now - renewedAt < renewMs) return;
      heard = bytes;
      renewedAt = now;
      busy = true;
      try {
        await this.#renew();
        if (this.takenOverBy !== undefined) lost();
      } catch (error) {
        if (this.#timer !== undefined) {
          lost(new ConnectError(`the rules are gone: ${(error as Error).message}`, Code.Aborted));
        }
      }
      busy = false;
    }, lookMs);
  }

  async #renew(): Promise<void> {
    const maps = heldMaps(await this.#nft.do(leaseText(this.#rules, this.ports)));
    const other = holdersOf(maps, this.#rules, this.ports).find((other) => standsBefore(other, this.#rules));
    this.takenOverBy = other?.owner;
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
