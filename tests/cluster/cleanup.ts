import { removeCgroup } from "./cgroups.ts";
import { planCluster } from "./plan.ts";
import { children, type Identity, kill, parsePidFile, run } from "./processes.ts";
import { ownsSlot, releaseSlot } from "./slots.ts";
import type { State } from "./state.ts";
import { until } from "./wait.ts";

/**
 * Removes all of the cluster, whatever state it is in: running, half started, crashed, or left by an earlier boot.
 * Keeps the logs of the last run.
 */
export async function cleanUp(state: State): Promise<void> {
  await kill([...state.processes().values()].flatMap((process) => [...nodeInit(process), process]));
  if (ownsSlot(state)) {
    const plan = planCluster(state.slot!);
    // A node's process namespace dies with its first process; the cgroup knows when the last one is gone.
    for (const node of plan.nodes) await removeCgroup(node.cgroup);
    for (const link of [...plan.nodes.map((node) => node.link), plan.bridge]) {
      await removeLink(link);
    }
  }
  releaseSlot(state);
  for (const name of ["node", "etcd", "pki", "kubectl"]) await removeDirectories(state, name);
  for (const name of ["pids", "applied", "bin"]) await remove(state.path(name));
}

/** Process 1 of a node: the child of the unshare that was started, killed first so that nothing is left to wait for. */
function nodeInit(process: Identity): Identity[] {
  return children(process.pid).flatMap((pid) => {
    try {
      const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
      return parsePidFile(`${process.boot}\n${stat}`) ?? [];
    } catch {
      return [];
    }
  });
}

async function removeDirectories(state: State, prefix: string) {
  for (const { name } of Deno.readDirSync(state.directory)) {
    if (name.startsWith(prefix)) await remove(state.path(name));
  }
}

async function remove(path: string) {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

async function removeLink(name: string) {
  await until(`the network interface "${name}" to be removed`, 10, async () => {
    // It may go with its node's network namespace in this very moment, and then there is none to delete.
    if (linkExists(name)) await run(["ip", "link", "delete", name]).catch(() => {});
    return !linkExists(name);
  });
}

function linkExists(name: string): boolean {
  try {
    Deno.lstatSync(`/sys/class/net/${name}`);
    return true;
  } catch {
    return false;
  }
}
