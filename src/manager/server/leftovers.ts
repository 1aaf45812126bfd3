import type { Tracee } from "./detach.ts";
import { allPids, readProc, statOf } from "./processes.ts";

/** Marks everything that a run starts, whatever session or group it moves to. */
export const runVariable = "SCOPE_RUN";

/** How long a program may take to end by itself once it was asked to. */
const politeMs = 1000;
/** How long a debugger may take to let go: killed, it leaves its breakpoints in the target, which dies of the next one. */
const patientMs = 4000;
const stepMs = 20;
/** What adopts the others' orphans, by name. */
const reapers: ReadonlySet<string> = new Set(["tini", "inside"]);
/** How long a reaper may then take to end what carries no mark and left the session. */
const reapMs = 2500;

/** A run: the mark that it carries, and the process that leads its session. */
export interface RunId {
  mark: string;
  leader: number;
  /** When the leader was started, after the system's boot. */
  sinceMs: number;
}

/**
 * The processes of a run: those that carry its mark, and those of its session, as one with an environment of its own
 * (`env -i`, sudo, daemons that write over it) carries no mark.
 */
export function pidsOfRun({ mark, leader, sinceMs }: RunId): number[] {
  const variable = `${runVariable}=${mark}`;
  return [...allPids()].filter((pid) => {
    const stat = statOf(pid);
    if (stat === undefined) return false;
    const { session, state, startMs } = stat;
    // Reading the environment of all that was here before would be most of the work, and may wait for a busy process.
    if (state === "Z" || startMs < sinceMs) return false;
    return session === leader || readProc(pid, "environ")?.split("\0").includes(variable);
  });
}

/**
 * Ends every process of a run: first politely, so that a debugger lets go of its target, after a second by SIGKILL, or,
 * while one still holds the target, after four. Then the target runs on.
 * Reapers go last and by themselves if they can, so that what they adopted never reaches the target's first process.
 * Returns when none is left, or after `limitMs` with those that would not go.
 */
export async function endRun(run: RunId, traced?: Tracee, limitMs = traced ? 5000 : 4000): Promise<number[]> {
  let left = pidsOfRun(run);
  for (const pid of left) for (const signal of ["SIGTERM", "SIGHUP", "SIGCONT"] as const) kill(pid, signal);
  const start = performance.now();
  const isPatient = () => {
    const waited = performance.now() - start;
    return waited < politeMs || (waited < patientMs && traced?.isHeldBy(left));
  };
  while (left.length > 0 && performance.now() - start < limitMs) {
    await new Promise((wake) => setTimeout(wake, stepMs));
    left = pidsOfRun(run);
    if (isPatient()) continue;
    const others = left.filter((pid) => !reapers.has(readProc(pid, "comm")?.trim() ?? ""));
    const isEarly = performance.now() - start < reapMs;
    for (const pid of others.length > 0 || isEarly ? others : left) kill(pid, "SIGKILL");
  }
  traced?.release();
  return left;
}

/** Sends a signal to a process, or, with a negative number, to its group. One that is gone is no error. */
export function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    // gone meanwhile
  }
}
