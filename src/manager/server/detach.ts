import { parseStat, parseStatus } from "../../lib/proc.ts";
import { allPids, readProc, statOf, tasksOf } from "./processes.ts";

/** Its number on every architecture that Deno runs on. */
const sigstop = 19n;
/** The state of what a signal has stopped, as ps(1) has it. What a tracer has stopped is `t`. */
const stopped = "T";

/**
 * A process that a run stops, as a debugger does. Whatever becomes of the debugger, the process runs on when the run has
 * ended, unless it was stopped before.
 */
export class Tracee {
  readonly #sinceMs: number | undefined;
  readonly #wasStopped: boolean;
  /** Others that the run was seen to hold: children that a debugger follows. */
  readonly #others = new Set<number>();

  constructor(readonly pid: number) {
    this.#sinceMs = statOf(pid)?.startMs;
    this.#wasStopped = isStopped(pid);
  }

  /** Whether one of these processes traces anything now. What it is is remembered. */
  isHeldBy(tracers: readonly number[]): boolean {
    const held = [...allPids()].filter((pid) => tracers.includes(tracerOf(String(pid))));
    for (const pid of held) if (pid !== this.pid) this.#others.add(pid);
    return held.length > 0 || tasksOf(this.pid).some((task) => tracers.includes(tracerOf(task)));
  }

  /**
   * Wakes what the tracer left stopped. The kernel lets go of what a tracer holds when that dies, but the SIGSTOP with which
   * it attached may still be on its way, see ptrace(2).
   */
  release(): void {
    // Its pid may be another's by now.
    if (!this.#wasStopped && statOf(this.pid)?.startMs === this.#sinceMs) wake(this.pid);
    for (const pid of this.#others) wake(pid);
  }
}

/** Who traces a thread; 0 for nobody. */
function tracerOf(task: string): number {
  return parseStatus(readProc(task, "status") ?? "").tracerPid;
}

function isStopped(pid: number): boolean {
  return tasksOf(pid).some((task) => parseStat(readProc(task, "stat") ?? "").state === stopped);
}

/** Whether a SIGSTOP is on its way to a thread, which may wait in the kernel and stop only when it leaves that. */
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
    // gone meanwhile, or not this manager's to wake
  }
}
