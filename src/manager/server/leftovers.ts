import { hasExited } from "../../lib/proc.ts";
import type { Tracee } from "./detach.ts";
import { allPids, readProc, statOf } from "./processes.ts";

/** Environment variable that marks everything a run starts, in any session or process group. */
export const runVariable = "SCOPE_RUN";

/** Time that a program has to end after SIGTERM, in milliseconds. */
const graceMs = 1000;
/**
 * Time that a debugger has to detach, in milliseconds. A killed debugger leaves its breakpoints in the target, which dies at
 * the next of them.
 */
const detachMs = 4000;
const stepMs = 20;
/** Interval between looks whether a process has ended by itself: somebody waits for its exit code. */
const endStepMs = 10;
/** Names of the programs that adopt orphans. */
const reapers: ReadonlySet<string> = new Set(["tini", "inside"]);
/** Time, counted from SIGTERM, that a reaper has to end processes without a mark that left the session, in milliseconds. */
const reapMs = 2500;

/** A run: its mark and the process that leads its session. */
export interface RunId {
  mark: string;
  leader: number;
  /** Start time of the leader, in milliseconds since boot. */
  sinceMs: number;
}

/**
 * Returns the processes of a run: those with its mark, and those in its session, because a process with an environment of
 * its own (`env -i`, sudo, daemons that overwrite it) has no mark.
 */
export function pidsOfRun({ mark, leader, sinceMs }: RunId): number[] {
  const variable = `${runVariable}=${mark}`;
  return [...allPids()].filter((pid) => {
    const stat = statOf(pid);
    if (stat === undefined) return false;
    const { session, state, startMs } = stat;
    // Skip processes older than the run: reading all environments would be most of the work, and may wait for a busy
    // process.
    if (state === "Z" || startMs < sinceMs) return false;
    return session === leader || readProc(pid, "environ")?.split("\0").includes(variable);
  });
}

/** Waits until every process of a run has ended by itself, at most `limitMs` milliseconds. */
export async function untilRunEnds(run: RunId, limitMs = Infinity): Promise<void> {
  const until = performance.now() + limitMs;
  for (const pid of pidsOfRun(run)) {
    while (runs(pid) && performance.now() < until) await new Promise((wake) => setTimeout(wake, endStepMs));
  }
}

function runs(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== undefined && !hasExited(stat.state);
}

/**
 * Ends every process of a run: first by SIGTERM, so that a debugger detaches from its target; by SIGKILL after one second,
 * or after four while the run still traces a process. Then continues the target.
 * Reapers are killed last and only if they do not end by themselves, so that the processes they adopted never reach the
 * target's first process. Resolves to the processes that are left: none, or those that survived `limitMs`.
 */
export async function endRun(run: RunId, traced?: Tracee, limitMs = traced ? 5000 : 4000): Promise<number[]> {
  let left = pidsOfRun(run);
  for (const pid of left) for (const signal of ["SIGTERM", "SIGHUP", "SIGCONT"] as const) kill(pid, signal);
  const start = performance.now();
  const isInGrace = () => {
    const waited = performance.now() - start;
    return waited < graceMs || (waited < detachMs && traced?.isHeldBy(left));
  };
  while (left.length > 0 && performance.now() - start < limitMs) {
    await new Promise((wake) => setTimeout(wake, stepMs));
    left = pidsOfRun(run);
    if (isInGrace()) continue;
    const others = left.filter((pid) => !reapers.has(readProc(pid, "comm")?.trim() ?? ""));
    const isEarly = performance.now() - start < reapMs;
    for (const pid of others.length > 0 || isEarly ? others : left) kill(pid, "SIGKILL");
  }
  traced?.release();
  return left;
}

/** Sends a signal to a process, or, with a negative number, to a process group. Ignores processes that have ended. */
export function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    // the process has ended
  }
}
