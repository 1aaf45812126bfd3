import type { Timed } from "../../lib/timed.ts";

export type PidsEvent = ProcessSeen;

/** A process of the target, as its node sees it. */
export interface ProcessSeen extends Timed {
  type: "pids.process";
  pod?: string;
  namespace?: string;
  container: string;
  /** Pid in the node's pid namespace, for `strace -p` and `gdb -p`. */
  pid: number;
  /** Pid in the container's own pid namespace. */
  containerPid: number;
  /** Pid of the parent, in the node's pid namespace. */
  parentPid: number;
  threads: number;
  uid: number;
  /** User name from the target's own /etc/passwd; the uid in decimal if it has no entry there. */
  user: string;
  /** State as one letter, as in ps(1): R, S, D, Z, T, … */
  state: string;
  /** CPU time used, user and system. */
  cpuMs: number;
  /** `cpuMs` ÷ time since the process started, in percent of one core, as ps(1) reports it. */
  cpuPercent: number;
  residentBytes: number;
  /** The whole command line; the name in brackets if there is none (zombies, kernel threads). */
  command: string;
  /** TCP ports that this process listens on, ascending. */
  listening: number[];
  /** Time at which the process was started. */
  started: string;
  /** Pid of the tracer, such as a debugger, in the node's pid namespace. */
  tracerPid?: number;
  /** Id of the first remaining thread if the main thread has exited; the process can be traced by it. */
  thread?: number;
  /** A thread of the process that no signal and no tracer reaches. */
  blocked?: BlockedSeen;
}

/** A thread that waits in the kernel and cannot be interrupted (state D), or that is frozen. */
export interface BlockedSeen {
  thread: number;
  /** The kernel functions in which the thread waits, the innermost first; empty if they may not be read. */
  functions: string[];
  /** True if its control group is frozen, as that of a paused container is. */
  frozen: boolean;
  /** Number of times that the thread has gone to sleep: an equal number later means the same wait. */
  switches: number;
}
