import { delay } from "../lib/delay.ts";
import type { Cluster } from "../kube/cluster.ts";
import { isTerminating } from "../kube/pods.ts";
import { watchPods } from "../kube/watch.ts";
import { lastErrorLine } from "./last_error_line.ts";

/** Limit for the cluster to report that a container has ended, in milliseconds. */
const endReportMs = 2000;

/** Why a container ended. */
export interface Ending {
  /** In a few words, for messages. */
  why: string;
  /** True if its pod is deleted or being deleted. */
  podDeleted: boolean;
}

interface ManagerContainer {
  namespace: string;
  pod: string;
  container: string;
  /** Container whose pid namespace it shares: when that one ends, the kernel kills every process in the namespace. */
  host?: { name: string; id: string };
}

/**
 * Returns why a container ended whose connection was lost. Returns undefined when the cluster reports it as running for
 * `forMs` milliseconds.
 */
export async function whyEnded(
  cluster: Cluster,
  place: ManagerContainer,
  forMs = endReportMs,
): Promise<Ending | undefined> {
  const stop = new AbortController();
  const watching = watchEnd(cluster, place, stop.signal);
  // The watch alone may not end in time: a silent API server answers its first request late, or never.
  const why = await Promise.race([watching, delay(forMs, stop.signal)]);
  stop.abort();
  return why;
}

async function watchEnd(
  cluster: Cluster,
  { namespace, pod, container, host }: ManagerContainer,
  signal: AbortSignal,
): Promise<Ending | undefined> {
  const because = (why: string): Ending => ({ why, podDeleted: false });
  let exists = false;
  try {
    for await (const change of watchPods(cluster, { namespace, fieldSelector: `metadata.name=${pod}` }, signal)) {
      if (change.type === "LISTED" ? !exists : change.type === "DELETED" || isTerminating(change.pod)) {
        return { why: "its pod was deleted", podDeleted: true };
      }
      if (change.type === "LISTED") continue;
      exists = true;
      const { reason, message = "no reason given" } = change.pod.status ?? {};
      if (reason === "Evicted") return because(`its pod was evicted: ${message}`);
      const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } =
        change.pod.status ?? {};
      const status = [...containerStatuses, ...ephemeralContainerStatuses].find(({ name }) => name === container);
      const ended = status?.state?.terminated;
      if (ended?.reason === "OOMKilled") return because("the kernel ended it for want of memory (OOMKilled)");
      const now = [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === host?.name);
      if (ended !== undefined && now !== undefined && (!now.state?.running || !now.containerID?.endsWith(host!.id))) {
        return because(`container "${now.name}" of the pod ended, and all that was in its pid namespace with it`);
      }
      if (ended !== undefined) {
        const lastLine = lastErrorLine(ended.message);
        const how = `it ended (${ended.reason ?? "no reason given"}, exit code ${ended.exitCode})`;
        return because(lastLine === undefined ? how : `${how}: ${lastLine}`);
      }
    }
  } catch {
    // Not allowed to watch, or no API server: the reason stays unknown.
  }
  return undefined;
}
