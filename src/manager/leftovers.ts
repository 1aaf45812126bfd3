import { allPids, readProc } from "./processes.ts";

/** Marks everything that a run starts, whatever session or group it moves to. */
export const runVariable = "SCOPE_RUN";

/** How long a program may take to end by itself once it was asked to. */
const politeMs = 1000;
const stepMs = 20;

/** The processes that carry the mark of this run. */
export function pidsOfRun(run: string): number[] {
  const mark = `${runVariable}=${run}`;
  return [...allPids()].filter((pid) => readProc(pid, "environ")?.split("\0").includes(mark));
}

/**
 * Ends every process of a run: first politely, so that a debugger lets go of its target, after a second by SIGKILL.
 * Reapers (tini) go last, so that what they adopted never reaches the target's first process.
 * Returns when none is left, or after `limitMs` with those that would not go.
 */
export async function endRun(run: string, limitMs = 4000): Promise<number[]> {
  let left = pidsOfRun(run);
  for (const pid of left) for (const signal of ["SIGTERM", "SIGHUP", "SIGCONT"] as const) kill(pid, signal);
  const start = performance.now();
  while (left.length > 0 && performance.now() - start < limitMs) {
    await new Promise((wake) => setTimeout(wake, stepMs));
    left = pidsOfRun(run);
    if (performance.now() - start < politeMs) continue;
    const others = left.filter((pid) => readProc(pid, "comm")?.trim() !== "tini");
    for (const pid of others.length > 0 ? others : left) kill(pid, "SIGKILL");
  }
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
