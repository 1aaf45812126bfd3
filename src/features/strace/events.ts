import type { Timed } from "../../lib/timed.ts";

export type StraceEvent =
  | StraceAttached
  | StraceCall
  | StraceSignal
  | StraceExited
  | StraceLine
  | StraceSummary;

/** strace has attached to the process it was asked for; calls follow. */
export interface StraceAttached extends Timed {
  type: "strace.attached";
  pid: number;
  threads: number;
}

/** Times of strace events are RFC 3339 to the microsecond, and pids those of threads in the node's pid namespace. */
export interface StraceCall extends Timed {
  type: "strace.call";
  pid: number;
  syscall: string;
  /** As strace prints them, without the parentheses around them. */
  arguments: string;
  /** As strace prints it, for example `-1 ENOENT (No such file or directory)`; `?` for a call that does not return. */
  result: string;
  /** Name of the error, for example `ENOENT`. */
  error?: string;
  /** From its entry to its return; missing for a call that does not return. */
  durationMs?: number;
  /** It went on when strace let go of the process. */
  unfinished?: boolean;
}

/** A signal was delivered, or has stopped the process. */
export interface StraceSignal extends Timed {
  type: "strace.signal";
  pid: number;
  signal: string;
  /** As strace prints them, for example `{si_signo=SIGCHLD, …}`. */
  details: string;
  stopped: boolean;
}

/** A thread ended by itself, or by a signal. */
export interface StraceExited extends Timed {
  type: "strace.exited";
  pid: number;
  code?: number;
  signal?: string;
  coreDumped?: boolean;
}

/** What strace printed beside calls, signals and ends, such as the bytes of `-e read=3`. */
export interface StraceLine extends Timed {
  type: "strace.line";
  text: string;
}

/** What was seen of one system call, at the end. */
export interface StraceSummary extends Timed {
  type: "strace.summary";
  syscall: string;
  /** Those that have returned. */
  calls: number;
  errors: number;
  totalMs: number;
  maxMs: number;
  /** The call that took longest. */
  slowest?: Pick<StraceCall, "time" | "pid" | "arguments" | "result"> & { durationMs: number };
}
