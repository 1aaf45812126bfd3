import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { defined } from "../lib/defined.ts";
import { quantityOf } from "./quantity.ts";
import { storageLimits } from "./storage.ts";

/** Limits of a pod, other than memory, that an ephemeral container in it shares. */
export interface SharedLimits {
  /** Missing: no limit. */
  cpuCores?: number;
  /** Limit of writable layers, logs and volumes on disk together: the kubelet evicts a pod that exceeds it. Missing: no limit. */
  storageBytes?: number;
}

/** Returns the limits of a pod that an ephemeral container shares. */
export function sharedLimits(pod: V1Pod): SharedLimits {
  const cpuCores = podLimit(pod.spec, "cpu"), storage = storageLimits(pod, "").pod;
  return {
    ...defined({ cpuCores }),
    ...storage === undefined ? {} : { storageBytes: storage.bytes },
  };
}

/**
 * Returns the limit of a pod's control group, in cores or bytes: the pod's own, or the sum of its containers' limits if each
 * has one. An ephemeral container adds none. Returns undefined without a limit.
 *
 * See ResourceConfigForPod in the kubelet, and PodLimits in k8s.io/component-helpers.
 */
export function podLimit(spec: V1Pod["spec"], resource: "cpu" | "memory"): number | undefined {
  const own = spec?.resources?.limits?.[resource];
  if (own !== undefined) return quantityOf(own);
  const { containers = [], initContainers = [], overhead = {} } = spec ?? {};
  const valueOf = ({ resources }: V1Container) => quantityOf(resources?.limits?.[resource] ?? "0");
  let sum = containers.reduce((sum, one) => sum + valueOf(one), 0);
  let sidecars = 0, most = 0, declaredByAll = containers.every((one) => valueOf(one) > 0);
  for (const one of initContainers) {
    const value = valueOf(one), isSidecar = one.restartPolicy === "Always";
    if (isSidecar) [sum, sidecars] = [sum + value, sidecars + value];
    const together = isSidecar ? sidecars : sidecars + value;
    declaredByAll &&= together > 0;
    // An init container shares the pod only with the sidecars before it.
    most = Math.max(most, together);
  }
  return declaredByAll ? Math.max(sum, most) + quantityOf(overhead[resource] ?? "0") : undefined;
}
