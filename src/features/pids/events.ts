import type { Timed } from "../../lib/timed.ts";

export type PidsEvent = ProcessSeen;

/** A process of the target, as its node sees it. */
export interface ProcessSeen extends Timed {
  type: "pids.process";
  pod?: string;
  namespace?: string;
  container: string;
  /** In the node's pid namespace: what `strace -p` and `gdb -p` take. */
  pid: number;
  /** In the container's own pid namespace. */
  containerPid: number;
  /** Parent, in the node's pid namespace. */
  parentPid: number;
  threads: number;
  uid: number;
  /** From the target's own /etc/passwd; the uid in decimal where that has no name for it. */
  user: string;
  /** One letter, as in ps(1): R, S, D, Z, T, … */
  state: string;
  /** CPU time used, user and system. */
  cpuMs: number;
  /** cpuMs ÷ time since the process started, in percent of one core, as ps(1) reports it. */
  cpuPercent: number;
  residentBytes: number;
  /** The whole command line; the name in brackets when there is none (zombies, kernel threads). */
  command: string;
  /** TCP ports that this process listens on, ascending. */
  listening: number[];
  /** When it was started. */
  started: string;
  /** Who traces it, as a debugger does, in the node's pid namespace. */
  tracerPid?: number;
  /** Where its main thread has left and others go on: the first of these, by which it can be traced. */
  thread?: number;
  /** One of its threads that no signal and no tracer reaches. */
  blocked?: BlockedSeen;
}

/** A thread that waits in the kernel where nothing interrupts it (state D), or that is frozen. */
export interface BlockedSeen {
  thread: number;
  /** The kernel functions that it waits in, the innermost first; none where they may not be read. */
  functions: string[];
  /** Its control group is frozen, as that of a paused container is. */
  frozen: boolean;
  /** Number of times that it has gone to sleep: the same number later means the same wait. */
  switches: number;
}
