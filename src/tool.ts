import type { Event } from "./event.ts";

/** Namespaces of the target that a tool enters. With `net` it also sees the target's resolv.conf and hosts. */
export type NamespaceKind = "net" | "pid" | "uts" | "ipc";

/** What a tool said: a line of its output, or, as the last, how it ended. */
export type ToolOutput =
  | { stream: "stdout" | "stderr"; line: string; time: string }
  | { exit: ToolExit };

/** How a program ended: its exit code, and the signal if one ended it (then the code is 128 + its number). */
export interface ToolExit {
  code: number;
  signal?: string;
}

/** A program of the endoscope image: what to run, and what its output means. Pure. */
export interface Tool {
  argv: readonly string[];
  namespaces: readonly NamespaceKind[];
  /** A process that the tool stops, as a debugger does. */
  traces?: number;
  /** Signal that asks the tool to end and report. */
  stopSignal: "SIGINT" | "SIGTERM";
  /** It was asked to stop: what is read from now on was on its way, or is a report. */
  stopping?(time: string): void;
  /** Reads one output into events. Called in order; the exit is the last call. */
  read(output: ToolOutput): Event[];
  /** The exit code of the whole command, once the exit was read. */
  exitCode(): number;
}
