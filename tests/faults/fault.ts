import type { Scene } from "./scene.ts";

/** The result of one fault. A wrong exit code or message is thrown instead. */
export interface Aftermath {
  /** Time until new connections were answered by the right side, in milliseconds; undefined where nobody could answer. */
  readonly recoveryMs?: number;
  /** Descriptions of everything that was left behind. */
  readonly leaks: readonly string[];
}

/** The index of a run and the number of runs. */
export interface Turn {
  readonly run: number;
  readonly runs: number;
  /** True in the suite: the fault lasts no longer than the test needs. */
  readonly brief: boolean;
}

/** A fault that occurs while a pod is redirected. */
export interface Fault {
  /** Name in the output and as an option. */
  readonly name: string;
  readonly run: (scene: Scene, turn: Turn) => Promise<Aftermath>;
  /** The fault affects others: no other fault runs meanwhile. */
  readonly alone?: boolean;
  /** Waits until the cluster has recovered, once after all runs. */
  readonly settle?: () => Promise<void>;
  /** Number of concurrent runs: each has a pod of its own, and mostly waits. */
  readonly atOnce?: number;
}

/** Guaranteed time after a fault until new connections are answered, in milliseconds: the table of the faults judges by it. */
export const RECOVERY_MS = 3500;
/** Time after a fault from which on a redirect counts as left behind, in milliseconds; busy machines are slow. */
export const LEFT_BEHIND_MS = 10_000;
/** Time after the end of a session until none of its processes is left, in milliseconds. */
export const PROCESSES_MS = 15_000;

/** Returns the worst of several results. */
export function together(...all: readonly Aftermath[]): Aftermath {
  const recoveries = all.flatMap(({ recoveryMs }) => recoveryMs ?? []);
  return {
    ...(recoveries.length === 0 ? {} : { recoveryMs: Math.max(...recoveries) }),
    leaks: all.flatMap(({ leaks }) => leaks),
  };
}
