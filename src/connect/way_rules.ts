import { mebibytes } from "../lib/bytes.ts";
import type { SharedLimits } from "../kube/limits.ts";
import type { PodMemory } from "../kube/memory.ts";
import type { Needs } from "../way.ts";

/** Least free memory for an ephemeral container, which shares the pod's memory, in bytes; below, the kernel may kill it. */
export const enoughMemory = 150 * 1024 * 1024;

/** Least CPU limit, in cores: with less, the third of a second of CPU time of a manager's start would take over 3 s. */
const enoughCpu = 0.1;

/** Facts for choosing a way when neither a debug pod nor an ephemeral container runs that meets the needs. */
export interface Facts {
  needs: Needs;
  memory: PodMemory;
  /** Default: none. */
  limits?: SharedLimits;
}

/** Returns why `--via auto` tries a debug pod, which has more rights, before an ephemeral container; undefined if it does not. */
export function whyNodeFirst({ needs, memory, limits: { cpuCores, storageBytes } = {} }: Facts): string | undefined {
  if (needs.nodePids) return "pids of the node mean nothing in an ephemeral container";
  if (needs.inside === "other") return "from an ephemeral container, mounts of the target would not be protected";
  const free = freeBytes(memory), enough = enoughMemory + (storageBytes === undefined ? 0 : scratchBytes);
  if (free !== undefined && free < enough) return `the pod has ${freeText(memory)}, less than ${mebibytes(enough)}`;
  if (cpuCores !== undefined && cpuCores < enoughCpu) {
    return `the pod may use ${Math.round(cpuCores * 1000)}m of CPU, less than ${enoughCpu * 1000}m`;
  }
  if (storageBytes === undefined || !needs.writes) return undefined;
  return `the pod is evicted when it writes more than ${mebibytes(storageBytes)} MiB, an ephemeral container included`;
}

/** Returns why the memory of an ephemeral container would endanger its pod; undefined when there is room for it. */
export function noRoom(memory: PodMemory): string | undefined {
  const { limitBytes = Infinity, usedBytes = 0 } = memory;
  if (limitBytes - usedBytes >= managerBytes + leastToolBytes) return undefined;
  return `the pod has ${freeText(memory)}, and a manager and its tools take ${
    mebibytes(managerBytes + leastToolBytes)
  }`;
}

/** State of a way: a manager runs already, one could be started, or neither. */
export type Standing = "runs" | "possible" | "impossible";

/** Returns the way that AutoWay.reach() would take, for `doctor`; undefined when neither is possible. */
export function predictWay(
  { node, ephemeral, ...facts }: Facts & { node: Standing; ephemeral: Standing },
): "node" | "ephemeral" | undefined {
  if (node === "runs") return "node";
  const { nodePids = false, inside } = facts.needs;
  if (ephemeral === "runs" && !nodePids && inside !== "other") return "ephemeral";
  if (ephemeral !== "impossible" && whyNodeFirst(facts) === undefined) return "ephemeral";
  if (node === "possible") return "node";
  return ephemeral !== "impossible" && !nodePids && noRoom(facts.memory) === undefined ? "ephemeral" : undefined;
}

/** Returns the pod's free memory in bytes; undefined without a limit. An unknown use is assumed to be half of the limit. */
function freeBytes({ limitBytes, usedBytes }: PodMemory): number | undefined {
  return limitBytes === undefined ? undefined : limitBytes - (usedBytes ?? limitBytes / 2);
}

function freeText(memory: PodMemory): string {
  const about = memory.usedBytes === undefined ? "perhaps " : "";
  return `${about}${mebibytes(Math.max(0, freeBytes(memory) ?? 0))} MiB of memory free`;
}

/** Memory of the manager itself, in bytes. */
const managerBytes = 60 * 1024 * 1024;
/** Least memory that a tool needs, in bytes. */
const leastToolBytes = 16 * 1024 * 1024;

/** Memory for temporary files when the root filesystem is read-only: the size of a container's /dev, in bytes. */
const scratchBytes = 64 * 1024 * 1024;

/**
 * Returns the limit of a tool's memory in the pod, in bytes: half of what the manager and, with `readOnly`, temporary files
 * leave. A tool must not exhaust the pod's memory: the kernel would kill the pod's largest process rather than the one with
 * the highest oom_score_adj, which counts in thousandths of the pod's limit.
 */
export function toolMemory(memory: PodMemory, readOnly = false): number | undefined {
  const free = freeBytes(memory);
  if (free === undefined) return undefined;
  return Math.max(leastToolBytes, (free - managerBytes - (readOnly ? scratchBytes : 0)) / 2);
}
