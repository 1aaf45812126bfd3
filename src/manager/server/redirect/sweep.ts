import { allPids } from "../processes.ts";
import { Network } from "./network.ts";
import { Nft } from "./nft.ts";
import type { HeldMap } from "./rules.ts";
import { abandonedTables, heldMaps } from "./rules.ts";

/** Limit of the sweep at the end of a manager, in milliseconds, and the number of networks swept at once. */
const sweepMs = 3000, atOnce = 8;

/** Removes the tables that killed managers left in a network. A table that cannot be removed is left to the next sweep. */
export async function sweep(nft: Nft, maps: readonly HeldMap[]): Promise<void> {
  for (const table of abandonedTables(await nft.list("list tables"), maps, await nft.list("list sets"))) {
    await nft.do(`delete table inet ${table}`).catch(() => {});
  }
}

/** Sweeps all networks of pods that this manager sees, or only its own, if that is the pod's. */
export async function sweepAll(sharedNamespaces: boolean): Promise<void> {
  const late = AbortSignal.timeout(sweepMs);
  const waiting = sharedNamespaces ? [Deno.pid] : networksOfOthers();
  const work = async () => {
    for (let pid = waiting.pop(); pid !== undefined && !late.aborted; pid = waiting.pop()) {
      // The process may be gone, or this manager may have no right to any of it.
      await sweepNetwork(pid, sharedNamespaces).catch(() => {});
    }
  };
  const done = Promise.all(Array.from({ length: atOnce }, work));
  await Promise.race([done, new Promise((resolve) => late.addEventListener("abort", resolve))]);
}

async function sweepNetwork(pid: number, own: boolean): Promise<void> {
  const network = new Network(pid, own);
  try {
    await using nft = new Nft(network.enter);
    await sweep(nft, heldMaps(await nft.list("list maps")));
  } finally {
    network[Symbol.dispose]();
  }
}

/** Returns a process of each network namespace except this manager's own. */
function networksOfOthers(): number[] {
  const networks = new Map<string, number>();
  for (const pid of allPids()) {
    try {
      networks.set(Deno.readLinkSync(`/proc/${pid}/ns/net`), pid);
    } catch {
      // The process has ended.
    }
  }
  networks.delete(Deno.readLinkSync("/proc/self/ns/net"));
  return [...networks.values()];
}
