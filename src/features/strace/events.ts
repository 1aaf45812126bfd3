import type { Timed } from "../../lib/timed.ts";

export type StraceEvent =
  | StraceAttached
  | StraceCall
  | StraceSignal
  | StraceExited
  | StraceLine
  | StraceSummary;

/** The start of a trace: strace has attached to the process, and calls follow. */
export interface StraceAttached extends Timed {
  type: "strace.attached";
  pid: number;
  threads: number;
}

/** A system call. Times of strace events are RFC 3339 to the microsecond, pids those of threads in the node's pid namespace. */
export interface StraceCall extends Timed {
  type: "strace.call";
  pid: number;
  syscall: string;
  /** Arguments as strace prints them, without the parentheses around them. */
  arguments: string;
  /** Result as strace prints it, for example `-1 ENOENT (No such file or directory)`; `?` for a call that does not return. */
  result: string;
  /** Name of the error, for example `ENOENT`. */
  error?: string;
  /** Time from entry to return; missing for a call that does not return. */
  durationMs?: number;
  /** True if the call had not returned when strace detached from the process. */
  unfinished?: boolean;
}

/** A signal that was delivered, or that stopped the process. */
export interface StraceSignal extends Timed {
  type: "strace.signal";
  pid: number;
  signal: string;
  /** Details as strace prints them, for example `{si_signo=SIGCHLD, …}`. */
  details: string;
  stopped: boolean;
}

/** The end of a thread, by itself or by a signal. */
export interface StraceExited extends Timed {
  type: "strace.exited";
  pid: number;
  code?: number;
  signal?: string;
  coreDumped?: boolean;
}

/** A line of strace that is no call, signal or end of a thread, such as the bytes of `-e read=3`. */
export interface StraceLine extends Timed {
  type: "strace.line";
  text: string;
}

/** Totals of one system call, at the end. */
export interface StraceSummary extends Timed {
  type: "strace.summary";
  syscall: string;
  /** Number of calls that have returned. */
  calls: number;
  errors: number;
  totalMs: number;
  maxMs: number;
  /** The call that took longest. */
  slowest?: Pick<StraceCall, "time" | "pid" | "arguments" | "result"> & { durationMs: number };
}
