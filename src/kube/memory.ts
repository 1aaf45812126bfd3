import type { V1Pod } from "@kubernetes/client-node";
import type { Cluster } from "./cluster.ts";
import { podLimit } from "./limits.ts";
import { quantityOf } from "./quantity.ts";

/** What a pod may still use before one of its processes is killed, in bytes. */
export interface PodMemory {
  /** Missing: there is no limit. */
  limitBytes?: number;
  /** Missing: nobody could say. */
  usedBytes?: number;
}

interface PodMetrics {
  containers?: { usage?: { memory?: string } }[];
}
interface StatsSummary {
  pods?: { podRef?: { uid?: string }; memory?: { workingSetBytes?: number } }[];
}

/** Figures are up to half a minute old: those of a younger pod are from before it did anything, in milliseconds. */
const settledMs = 60_000;

/** The memory of a pod: its use by the metrics API, or else by its kubelet, where this user may ask them. */
export async function podMemory(cluster: Cluster, pod: V1Pod): Promise<PodMemory> {
  const limitBytes = podLimit(pod.spec, "memory");
  if (limitBytes === undefined) return {};
  const { namespace = "", name = "", uid } = pod.metadata ?? {};
  const started = (pod.status?.containerStatuses ?? []).map(({ state }) => state?.running?.startedAt ?? Date.now());
  if (started.some((at) => Date.now() - new Date(at).getTime() < settledMs)) return { limitBytes };
  // It is good to know, and not worth a wait: a metrics server may be down for weeks.
  const ask = <T>(path: string) =>
    cluster.request<T>("read the pod's use of memory", { method: "GET", path, repeat: "never" }).catch(() => undefined);
  const metrics = await ask<PodMetrics>(
    `/apis/metrics.k8s.io/v1beta1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`,
  );
  if (metrics?.containers !== undefined) {
    return {
      limitBytes,
      usedBytes: metrics.containers.reduce((sum, one) => sum + quantityOf(one.usage?.memory ?? "0"), 0),
    };
  }
  const summary = await ask<StatsSummary>(
    `/api/v1/nodes/${encodeURIComponent(pod.spec?.nodeName ?? "")}/proxy/stats/summary`,
  );
  const usedBytes = summary?.pods?.find(({ podRef }) => podRef?.uid === uid)?.memory?.workingSetBytes;
  return usedBytes === undefined ? { limitBytes } : { limitBytes, usedBytes };
}
