import type { Scene } from "./scene.ts";

/** What became of one fault. That an exit code or a message was wrong is thrown instead. */
export interface Aftermath {
  /** How long nobody, or not who should, answered new connections; missing where there is nobody who could. */
  readonly recoveryMs?: number;
  /** What was left that should have gone. */
  readonly leaks: readonly string[];
}

/** Which of how many runs this is. */
export interface Turn {
  readonly run: number;
  readonly runs: number;
  /** In the suite: no longer than it takes to see that it works. */
  readonly brief: boolean;
}

/** Something that goes wrong while a pod is redirected. */
export interface Fault {
  /** For people, and as an option. */
  readonly name: string;
  readonly run: (scene: Scene, turn: Turn) => Promise<Aftermath>;
  /** It leaves nobody else alone: no other fault happens meanwhile. */
  readonly alone?: boolean;
  /** Waits until all is as before, once after all runs. */
  readonly settle?: () => Promise<void>;
  /** So many runs may happen at once: each has a pod of its own, and mostly waits. */
  readonly atOnce?: number;
}

/** The promise: from then on new connections are answered, in milliseconds after the fault. */
export const RECOVERY_MS = 3500;
/** After so long no process of a session is left that has ended, in milliseconds. */
export const PROCESSES_MS = 15_000;

/** The worst of several. */
export function together(...all: readonly Aftermath[]): Aftermath {
  const recoveries = all.flatMap(({ recoveryMs }) => recoveryMs ?? []);
  return {
    ...(recoveries.length === 0 ? {} : { recoveryMs: Math.max(...recoveries) }),
    leaks: all.flatMap(({ leaks }) => leaks),
  };
}
