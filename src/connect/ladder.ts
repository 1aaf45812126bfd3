import { mebibytes } from "../lib/bytes.ts";
import type { SharedLimits } from "../kube/limits.ts";
import type { PodMemory } from "../kube/memory.ts";
import type { Needs } from "../way.ts";

/** An ephemeral container shares the pod's memory; below this its manager would be the first to go, in bytes. */
export const enoughMemory = 150 * 1024 * 1024;

/** A manager's start takes a third of a second of CPU time, which a pod with less would spread over more than 3 s; in cores. */
const enoughCpu = 0.1;

/** What is known when neither a debug pod nor an ephemeral container runs that would serve. */
export interface Facts {
  needs: Needs;
  memory: PodMemory;
  /** Default: none. */
  limits?: SharedLimits;
}

/**
 * Why a debug pod is tried before an ephemeral container although it has more rights; nothing when there is no reason to.
 */
export function preferNode({ needs, memory, limits: { cpuCores, storageBytes } = {} }: Facts): string | undefined {
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

/** Why an ephemeral container would endanger the pod that it is added to; undefined when there is room for one. */
export function noRoom(memory: PodMemory): string | undefined {
  const { limitBytes = Infinity, usedBytes = 0 } = memory;
  if (limitBytes - usedBytes >= managerBytes + leastToolBytes) return undefined;
  return `the pod has ${freeText(memory)}, and a manager and its tools take ${
    mebibytes(managerBytes + leastToolBytes)
  }`;
}

/** How far a Way is from serving. */
export type Standing = "runs" | "possible" | "impossible";

/** What `--via auto` takes, which finds out no more than it must; nothing when neither Way is possible. */
export function chooseWay(
  { node, ephemeral, ...facts }: Facts & { node: Standing; ephemeral: Standing },
): "node" | "ephemeral" | undefined {
  if (node === "runs") return "node";
  const { nodePids = false, inside } = facts.needs;
  if (ephemeral === "runs" && !nodePids && inside !== "other") return "ephemeral";
  if (ephemeral !== "impossible" && preferNode(facts) === undefined) return "ephemeral";
  if (node === "possible") return "node";
  return ephemeral !== "impossible" && !nodePids && noRoom(facts.memory) === undefined ? "ephemeral" : undefined;
}

/** Memory that the pod may still use, in bytes; where the use is unknown, half of the limit is assumed. Undefined without a limit. */
function freeBytes({ limitBytes, usedBytes }: PodMemory): number | undefined {
  return limitBytes === undefined ? undefined : limitBytes - (usedBytes ?? limitBytes / 2);
}

function freeText(memory: PodMemory): string {
  const about = memory.usedBytes === undefined ? "perhaps " : "";
  return `${about}${mebibytes(Math.max(0, freeBytes(memory) ?? 0))} MiB of memory free`;
}

/** What the manager takes for itself, in bytes. */
const managerBytes = 60 * 1024 * 1024;
/** Less than this no tool can do with, in bytes. */
const leastToolBytes = 16 * 1024 * 1024;

/** Memory that temporary files may take where nothing is written to disk: the size of a container's /dev, in bytes. */
const scratchBytes = 64 * 1024 * 1024;

/**
 * What a tool in the pod may allocate. When the memory of a pod runs out, the kernel ends its largest process rather than
 * the one with the highest oom_score_adj, as that counts by thousandths of the pod's limit: a tool must not come so far,
 * and gets half of what is left, temporary files in memory (`readOnly`) set aside.
 */
export function toolMemory(memory: PodMemory, readOnly = false): number | undefined {
  const free = freeBytes(memory);
  if (free === undefined) return undefined;
  return Math.max(leastToolBytes, (free - managerBytes - (readOnly ? scratchBytes : 0)) / 2);
}
