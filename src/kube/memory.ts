import type { V1Pod } from "@kubernetes/client-node";
import type { Cluster } from "./cluster.ts";
import { podLimit } from "./limits.ts";
import { quantityOf } from "./quantity.ts";

/** Memory limit of a pod, beyond which one of its processes is killed, and its use, in bytes. */
export interface PodMemory {
  /** Missing: no limit. */
  limitBytes?: number;
  /** Missing: unknown. */
  usedBytes?: number;
}

interface PodMetrics {
  containers?: { usage?: { memory?: string } }[];
}
interface StatsSummary {
  pods?: { podRef?: { uid?: string }; memory?: { workingSetBytes?: number } }[];
}

/** Age from which metrics of a pod are used, in milliseconds: they lag by up to half a minute, so earlier ones are too low. */
const settledMs = 60_000;

/** Reads a pod's use of memory from the metrics API, or else from its kubelet, as far as this user may read them. */
export async function podMemory(cluster: Cluster, pod: V1Pod): Promise<PodMemory> {
  const limitBytes = podLimit(pod.spec, "memory");
  if (limitBytes === undefined) return {};
  const { namespace = "", name = "", uid } = pod.metadata ?? {};
  const started = (pod.status?.containerStatuses ?? []).map(({ state }) => state?.running?.startedAt ?? Date.now());
  if (started.some((at) => Date.now() - new Date(at).getTime() < settledMs)) return { limitBytes };
  // Never retry: the figure is optional, and a metrics server may be down for weeks.
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
