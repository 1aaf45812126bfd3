import type { Cluster } from "../kube/cluster.ts";
import { isTerminating } from "../kube/pods.ts";
import { watchPods } from "../kube/watch.ts";

/** How long the cluster may take to tell that a container has ended, in milliseconds. */
const tellMs = 2000;

/** Why a container ended whose connection was lost, in a few words; nothing when the cluster says that it runs. */
export async function whyEnded(
  cluster: Cluster,
  { namespace, pod, container }: { namespace: string; pod: string; container: string },
): Promise<string | undefined> {
  const told = new AbortController();
  const signal = AbortSignal.any([told.signal, AbortSignal.timeout(tellMs)]);
  let there = false;
  try {
    for await (const change of watchPods(cluster, { namespace, fieldSelector: `metadata.name=${pod}` }, signal)) {
      if (change.type === "LISTED" ? !there : change.type === "DELETED" || isTerminating(change.pod)) {
        return "its pod was deleted";
      }
      if (change.type === "LISTED") continue;
      there = true;
      const { containerStatuses = [], ephemeralContainerStatuses = [] } = change.pod.status ?? {};
      const status = [...containerStatuses, ...ephemeralContainerStatuses].find(({ name }) => name === container);
      const ended = status?.state?.terminated;
      if (ended?.reason === "OOMKilled") return "the kernel ended it for want of memory (OOMKilled)";
      if (ended !== undefined) return `it ended (${ended.reason ?? "no reason given"}, exit code ${ended.exitCode})`;
    }
  } catch {
    // Not allowed to watch, or no API server: then nobody can tell.
  } finally {
    told.abort();
  }
  return undefined;
}
