import { delay } from "../lib/delay.ts";
import type { Cluster } from "../kube/cluster.ts";
import { isTerminating } from "../kube/pods.ts";
import { watchPods } from "../kube/watch.ts";
import { lastWords } from "./last_words.ts";

/** How long the cluster may take to tell that a container has ended, in milliseconds. */
const tellMs = 2000;

/** What is said of a container whose pod is gone, or about to be. */
export const podDeleted = "its pod was deleted";

interface ManagerContainer {
  namespace: string;
  pod: string;
  container: string;
  /** The container whose pid namespace it is in: when that ends, the kernel ends all that is in there. */
  host?: { name: string; id: string };
}

/**
 * Why a container ended whose connection was lost, in a few words; nothing when the cluster says that it runs, for so many
 * milliseconds.
 */
export async function whyEnded(cluster: Cluster, place: ManagerContainer, forMs = tellMs): Promise<string | undefined> {
  const told = new AbortController();
  const telling = watchEnd(cluster, place, told.signal);
  // The watch alone may not end in time: an API server that is silent answers its first question late, or never.
  const why = await Promise.race([telling, delay(forMs, told.signal)]);
  told.abort();
  return why;
}

async function watchEnd(
  cluster: Cluster,
  { namespace, pod, container, host }: ManagerContainer,
  signal: AbortSignal,
): Promise<string | undefined> {
  let there = false;
  try {
    for await (const change of watchPods(cluster, { namespace, fieldSelector: `metadata.name=${pod}` }, signal)) {
      if (change.type === "LISTED" ? !there : change.type === "DELETED" || isTerminating(change.pod)) {
        return podDeleted;
      }
      if (change.type === "LISTED") continue;
      there = true;
      const { reason, message = "no reason given" } = change.pod.status ?? {};
      if (reason === "Evicted") return `its pod was evicted: ${message}`;
      const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } =
        change.pod.status ?? {};
      const status = [...containerStatuses, ...ephemeralContainerStatuses].find(({ name }) => name === container);
      const ended = status?.state?.terminated;
      if (ended?.reason === "OOMKilled") return "the kernel ended it for want of memory (OOMKilled)";
      const now = [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === host?.name);
      if (ended !== undefined && now !== undefined && (!now.state?.running || !now.containerID?.endsWith(host!.id))) {
        return `container "${now.name}" of the pod ended, and all that was in its pid namespace with it`;
      }
      if (ended !== undefined) {
        const words = lastWords(ended.message);
        const how = `it ended (${ended.reason ?? "no reason given"}, exit code ${ended.exitCode})`;
        return words === undefined ? how : `${how}: ${words}`;
      }
    }
  } catch {
    // Not allowed to watch, or no API server: then nobody can tell.
  }
  return undefined;
}
