import type { V1Pod } from "@kubernetes/client-node";
import type { Cluster } from "./cluster.ts";

/** What a pod may still use before one of its processes is killed, in bytes. */
export interface PodMemory {
  /** Missing: there is no limit. */
  limitBytes?: number;
  /** Missing: nobody could say. */
  usedBytes?: number;
}

/**
 * The limit of all containers together: the pod's own, or their sum where each has one; an ephemeral container shares it
 * and adds none. Nothing when there is no limit.
 */
export function memoryLimit({ spec }: V1Pod): number | undefined {
  const own = spec?.resources?.limits?.memory;
  if (own !== undefined) return bytesOf(own);
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  const limits = [...spec?.containers ?? [], ...sidecars].map(({ resources }) => resources?.limits?.memory);
  let sum = 0;
  for (const limit of limits) {
    if (limit === undefined) return undefined;
    sum += bytesOf(limit);
  }
  return sum;
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
  const limitBytes = memoryLimit(pod);
  if (limitBytes === undefined) return {};
  const { namespace = "", name = "", uid } = pod.metadata ?? {};
  const started = (pod.status?.containerStatuses ?? []).map(({ state }) => state?.running?.startedAt ?? Date.now());
  if (started.some((at) => Date.now() - new Date(at).getTime() < settledMs)) return { limitBytes };
  const ask = <T>(path: string) =>
    cluster.request<T>("read the pod's use of memory", { method: "GET", path }).catch(() => undefined);
  const metrics = await ask<PodMetrics>(
    `/apis/metrics.k8s.io/v1beta1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`,
  );
  if (metrics?.containers !== undefined) {
    return {
      limitBytes,
      usedBytes: metrics.containers.reduce((sum, one) => sum + bytesOf(one.usage?.memory ?? "0"), 0),
    };
  }
  const summary = await ask<StatsSummary>(
    `/api/v1/nodes/${encodeURIComponent(pod.spec?.nodeName ?? "")}/proxy/stats/summary`,
  );
  const usedBytes = summary?.pods?.find(({ podRef }) => podRef?.uid === uid)?.memory?.workingSetBytes;
  return usedBytes === undefined ? { limitBytes } : { limitBytes, usedBytes };
}

const units: Readonly<Record<string, number>> = {
  ...{ m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A quantity of Kubernetes: `160Mi`, `1e9`, `128974848000m`. What is none counts as no memory at all. */
export function bytesOf(quantity: string): number {
  const [, number, unit = ""] = /^\+?([\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(quantity) ?? [];
  return Number(number ?? 0) * (units[unit] ?? 0);
}
