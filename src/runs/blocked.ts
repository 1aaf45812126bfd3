import type { TargetClient } from "../context.ts";
import { delay } from "../lib/delay.ts";
import type { BlockedSeen, ProcessSeen } from "../event.ts";

/** Time after which a thread that waits in the kernel counts as stuck, in milliseconds; most waits are for a disk only. */
const watchMs = 1000;
/** Time between two checks of the wait, in milliseconds. */
const checkMs = 100;

/** Returns the kernel wait in which the process was seen, if the wait lasts for `watchMs`. */
export async function stuck(
  client: Pick<TargetClient, "process">,
  process: ProcessSeen,
  signal: AbortSignal,
): Promise<BlockedSeen | undefined> {
  const { blocked } = process;
  const end = performance.now() + watchMs;
  while (blocked !== undefined && performance.now() < end && !signal.aborted) {
    await delay(checkMs, signal);
    if (!isSame(blocked, (await client.process(process.pid))?.blocked)) return undefined;
  }
  return blocked;
}

/** Returns true if both are one and the same wait. */
export function isSame(one: BlockedSeen, other: BlockedSeen | undefined): boolean {
  return one.thread === other?.thread && one.switches === other.switches;
}

/** Returns text that completes "thread 4242 …", for people. */
export function blockedText({ functions: [innermost], frozen }: BlockedSeen): string {
  if (frozen) return "is frozen with its control group";
  return `waits in the kernel${innermost === undefined ? "" : `, in ${innermost}`} (state D)`;
}

/** Returns the remedy, and the callers of the kernel function. */
export function blockedHint({ functions, frozen }: BlockedSeen): string {
  if (frozen) return "whoever froze it, as a container runtime that pauses it, must thaw it first";
  const stack = functions.length > 1 ? ` (${functions.join(" < ")})` : "";
  return `no signal and no tracer reaches it before that returns${stack}: a disk or file system that does not answer, a vfork, or a frozen control group`;
}
