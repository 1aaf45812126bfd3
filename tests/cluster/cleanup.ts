import { removeCgroup } from "./cgroups.ts";
import { planCluster } from "./plan.ts";
import { children, type Identity, kill, parsePidFile, run } from "./processes.ts";
import { ownsSlot, releaseSlot } from "./slots.ts";
import type { State } from "./state.ts";
import { until } from "./wait.ts";

/**
 * Removes the whole cluster in any state: running, half started, crashed, or left by an earlier boot. Keeps the logs of the
 * last run.
 */
export async function cleanUp(state: State): Promise<void> {
  await kill([...state.processes().values()].flatMap((process) => [...nodeInit(process), process]));
  if (ownsSlot(state)) {
    const plan = planCluster(state.slot!);
    // A node's pid namespace ends with its first process; the cgroup shows when the last process is gone.
    for (const node of plan.nodes) await removeCgroup(node.cgroup);
    for (const link of [...plan.nodes.map((node) => node.link), plan.bridge]) {
      await removeLink(link);
    }
  }
  releaseSlot(state);
  for (const name of ["node", "etcd", "pki", "kubectl"]) await removeDirectories(state, name);
  for (const name of ["pids", "applied", "bin"]) await remove(state.path(name));
}

/**
 * Returns process 1 of a node: the child of the node's unshare. It is killed first, so that unshare has nothing to wait for.
 */
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
    // The interface may vanish with its node's network namespace at this moment; then deleting it fails.
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
