import { parseStat, parseStatus } from "../../lib/proc.ts";
import { allPids, readProc, statOf, tasksOf } from "./processes.ts";

/** Number of SIGSTOP on every architecture that Deno supports. */
const sigstop = 19n;
/** State of a thread stopped by a signal, as in ps(1). A thread stopped by a tracer has state `t`. */
const stopped = "T";

/**
 * A process that a run stops, as a debugger does. However the debugger ends, the process continues when the run has ended,
 * unless it was stopped before.
 */
export class Tracee {
  readonly #sinceMs: number | undefined;
  readonly #wasStopped: boolean;
  /** Other processes seen traced by the run: children that a debugger follows. */
  readonly #others = new Set<number>();

  constructor(readonly pid: number) {
    this.#sinceMs = statOf(pid)?.startMs;
    this.#wasStopped = isStopped(pid);
  }

  /** Returns true when one of these processes traces any process now, and remembers the traced processes. */
  isHeldBy(tracers: readonly number[]): boolean {
    const held = [...allPids()].filter((pid) => tracers.includes(tracerOf(String(pid))));
    for (const pid of held) if (pid !== this.pid) this.#others.add(pid);
    return held.length > 0 || tasksOf(this.pid).some((task) => tracers.includes(tracerOf(task)));
  }

  /**
   * Continues the processes that the tracer left stopped. The kernel detaches the tracees of a tracer that dies, but the
   * SIGSTOP with which the tracer attached may still be pending, see ptrace(2).
   */
  release(): void {
    // The pid may have been reused.
    if (!this.#wasStopped && statOf(this.pid)?.startMs === this.#sinceMs) wake(this.pid);
    for (const pid of this.#others) wake(pid);
  }
}

/** Returns the pid of the tracer of a thread, or 0. */
function tracerOf(task: string): number {
  return parseStatus(readProc(task, "status") ?? "").tracerPid;
}

function isStopped(pid: number): boolean {
  return tasksOf(pid).some((task) => parseStat(readProc(task, "stat") ?? "").state === stopped);
}

/**
 * Returns true when a SIGSTOP is pending for a thread: a thread that waits in the kernel stops only when it returns to user
 * mode.
 */
function willStop(pid: number): boolean {
  return tasksOf(pid).some((task) =>
    (parseStatus(readProc(task, "status") ?? "").pending >> (sigstop - 1n) & 1n) === 1n
  );
}

function wake(pid: number): void {
  if (!isStopped(pid) && !willStop(pid)) return;
  if (tasksOf(pid).some((task) => tracerOf(task) !== 0)) return;
  try {
    Deno.kill(pid, "SIGCONT");
  } catch {
    // the process has ended, or this manager may not signal it
  }
}
