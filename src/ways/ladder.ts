import type { PodMemory } from "../kube/memory.ts";
import type { Needs } from "../way.ts";

/** An ephemeral container shares the pod's memory; below this its manager would be the first to go, in bytes. */
export const enoughMemory = 150 * 1024 * 1024;

/** What is known when neither a debug pod nor an ephemeral container runs that would serve. */
export interface Facts {
  needs: Needs;
  memory: PodMemory;
}

/**
 * Why a debug pod is tried before an ephemeral container although it has more rights; nothing when there is no reason to.
 */
export function preferNode({ needs, memory }: Facts): string | undefined {
  if (needs.nodePids) return "pids of the node mean nothing in an ephemeral container";
  if (needs.inside === "other") return "from an ephemeral container, mounts of the target would not be protected";
  const free = freeBytes(memory);
  if (free === undefined || free >= enoughMemory) return undefined;
  const about = memory.usedBytes === undefined ? "perhaps " : "";
  return `the pod has ${about}${Math.max(0, Math.floor(free / 1024 / 1024))} MiB of memory free, less than 150`;
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
  return ephemeral !== "impossible" && !nodePids ? "ephemeral" : undefined;
}

/** What the pod may still use; where nobody says what is used, half of its limit may be. Nothing without a limit. */
function freeBytes({ limitBytes, usedBytes }: PodMemory): number | undefined {
  return limitBytes === undefined ? undefined : limitBytes - (usedBytes ?? limitBytes / 2);
}

/** What the manager takes for itself, in bytes. */
const managerBytes = 60 * 1024 * 1024;
/** Less than this no tool can do with, in bytes. */
const leastToolBytes = 16 * 1024 * 1024;

/**
 * What a tool in the pod may allocate. When the memory of a pod runs out, the kernel ends its largest process rather than
 * the one with the highest oom_score_adj, as that counts by thousandths of the pod's limit: a tool must not come so far,
 * and gets half of what is left.
 */
export function toolMemory(memory: PodMemory): number | undefined {
  const free = freeBytes(memory);
  return free === undefined ? undefined : Math.max(leastToolBytes, (free - managerBytes) / 2);
}
