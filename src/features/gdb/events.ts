import type { Timed } from "../../lib/timed.ts";

export type GdbEvent =
  | GdbThread
  | GdbSummary;

/** One call on a thread's stack; level 0 is the innermost. Values that gdb does not know are missing. */
export interface GdbFrame {
  level: number;
  /** Hexadecimal; missing for an inlined function. */
  address?: string;
  function?: string;
  arguments?: { name: string; value: string }[];
  /** Source file. */
  file?: string;
  line?: number;
  /** Path of the shared library in the target; missing for the program itself. */
  library?: string;
}

/** The stack of one thread of a process. */
export interface GdbThread extends Timed {
  type: "gdb.thread";
  pid: number;
  /** Thread id, in the same pid namespace as `pid`. */
  thread: number;
  name?: string;
  frames: GdbFrame[];
  /** Reason why the frames end before the end of the stack. */
  problem?: string;
}

/** Summary of a backtrace, after all threads. */
export interface GdbSummary extends Timed {
  type: "gdb.summary";
  pid: number;
  threads: number;
  /** Time for which the process was stopped. */
  stoppedMs: number;
  warnings?: string[];
}
