import type { TargetClient } from "../context.ts";
import { delay } from "../lib/delay.ts";
import type { BlockedSeen, ProcessSeen } from "../event.ts";

/** Time in milliseconds after which a thread that waits in the kernel counts as stuck; most wait for a disk only. */
const watchMs = 1000, lookMs = 100;

/** A wait in the kernel that goes on: the one of a process that was seen, if it lasts. */
export async function stuck(
  client: Pick<TargetClient, "process">,
  process: ProcessSeen,
  signal: AbortSignal,
): Promise<BlockedSeen | undefined> {
  const { blocked } = process;
  const end = performance.now() + watchMs;
  while (blocked !== undefined && performance.now() < end && !signal.aborted) {
    await delay(lookMs, signal);
    if (!isSame(blocked, (await client.process(process.pid))?.blocked)) return undefined;
  }
  return blocked;
}

/** Whether this is one and the same wait. */
export function isSame(one: BlockedSeen, other: BlockedSeen | undefined): boolean {
  return one.thread === other?.thread && one.switches === other.switches;
}

/** Completes "thread 4242 …", for people. */
export function blockedText({ functions: [innermost], frozen }: BlockedSeen): string {
  if (frozen) return "is frozen with its control group";
  return `waits in the kernel${innermost === undefined ? "" : `, in ${innermost}`} (state D)`;
}

/** The remedy, and the callers of the kernel function. */
export function blockedHint({ functions, frozen }: BlockedSeen): string {
  if (frozen) return "whoever froze it, as a container runtime that pauses it, must thaw it first";
  const stack = functions.length > 1 ? ` (${functions.join(" < ")})` : "";
  return `no signal and no tracer reaches it before that returns${stack}: a disk or file system that does not answer, a vfork, or a frozen control group`;
}
