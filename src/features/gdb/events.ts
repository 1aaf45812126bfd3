import type { Timed } from "../../lib/timed.ts";

export type GdbEvent =
  | GdbThread
  | GdbSummary;

/** One call on a thread's stack; level 0 is where it stands. What gdb does not know is missing. */
export interface GdbFrame {
  level: number;
  /** Hexadecimal; missing for a function that was compiled into its caller. */
  address?: string;
  function?: string;
  arguments?: { name: string; value: string }[];
  /** Source. */
  file?: string;
  line?: number;
  /** Shared library, by its path in the target; missing for the program itself. */
  library?: string;
}

/** The stack of one thread of a process. */
export interface GdbThread extends Timed {
  type: "gdb.thread";
  pid: number;
  /** Its id, in the same pid namespace as `pid`. */
  thread: number;
  name?: string;
  frames: GdbFrame[];
  /** Why there are no more frames, where that is not the end of the stack. */
  problem?: string;
}

/** After all threads. */
export interface GdbSummary extends Timed {
  type: "gdb.summary";
  pid: number;
  threads: number;
  /** For how long the process stood still. */
  stoppedMs: number;
  warnings?: string[];
}
