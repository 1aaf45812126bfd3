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
  const { limitBytes, usedBytes } = memory;
  if (limitBytes === undefined) return undefined;
  // Where nobody says what is used, half of it may be.
  const free = limitBytes - (usedBytes ?? limitBytes / 2);
  if (free >= enoughMemory) return undefined;
  const about = usedBytes === undefined ? "perhaps " : "";
  return `the pod has ${about}${Math.max(0, Math.floor(free / 1024 / 1024))} MiB of memory free, less than 150`;
}
