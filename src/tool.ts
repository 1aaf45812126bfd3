import type { Event } from "./event.ts";

/** Namespaces of the target that a tool enters. With `net` it also sees the target's resolv.conf and hosts. */
export type NamespaceKind = "net" | "pid" | "uts" | "ipc";

/** Output of a tool: a line, or, as the last, its exit. */
export type ToolOutput =
  | { stream: "stdout" | "stderr"; line: string; time: string }
  | { exit: ToolExit };

/** Exit of a program: its exit code, and the signal that ended it, if any (the code is then 128 + its number). */
export interface ToolExit {
  code: number;
  signal?: string;
}

/** A program of the endoscope image: its command line, and the reader of its output. Pure. */
export interface Tool {
  argv: readonly string[];
  namespaces: readonly NamespaceKind[];
  /** Pid of a process that the tool stops, as a debugger does. */
  traces?: number;
  /** Signal that asks the tool to end and report. */
  stopSignal: "SIGINT" | "SIGTERM";
  /** Called when the tool is asked to stop: later output was already in flight, or is its report. */
  stopping?(time: string): void;
  /** Reads one output into events. Called in order; the exit is the last call. */
  read(output: ToolOutput): Event[];
  /** Returns the exit code of the whole command, once the exit was read. */
  exitCode(): number;
}

/** A program to run next to the target. */
export interface RunOptions {
  argv: readonly string[];
  namespaces: readonly NamespaceKind[];
  env?: Readonly<Record<string, string>>;
  /** Size of the program's terminal; it gets none if undefined. */
  pty?: { columns: number; rows: number };
  /** Pid of a process that the program stops, as a debugger does; the process resumes when the run has ended. */
  traces?: number;
  /** If set, the program runs in all of the target's namespaces and its root, with no more rights than the target. */
  inside?: InsideOptions;
  /** Pid, as the manager counts, whose namespaces are entered; by default the target's first process. */
  pid?: number;
}

/** Rights of a program that runs inside the target. */
export interface InsideOptions {
  /** Keeps all rights of the manager. */
  privileged: boolean;
  /** `UID` or `UID:GID`; by default the target's. */
  user?: string;
}

/** The rights of a program inside the target, and the process whose namespaces it enters. */
export type InsideCall = Pick<RunOptions, "inside" | "pid">;

/** Returns true if a program runs inside with the target's own rights: the container runtime can then start it. */
export function isAsTarget({ inside, pid }: InsideCall): boolean {
  // With `pid`, the container of the process is unknown.
  return inside !== undefined && !inside.privileged && inside.user === undefined && pid === undefined;
}

/** A running program. Everything that it started ends with it, or with this client. */
export interface Run {
  /** Output of the program, in the order of arrival. */
  readonly output: AsyncIterable<{ stream: "stdout" | "stderr"; bytes: Uint8Array }>;
  /** Settles after the last output. Rejects with ScopeError when the connection is lost. */
  readonly exit: Promise<ToolExit>;
  /** Resolves when the connection accepted the bytes: writing more before only fills memory. */
  write(bytes: Uint8Array): Promise<void>;
  endInput(): void;
  /** Resolves when the manager has sent the signal to the program. */
  signal(name: string): Promise<void>;
  resize(size: { columns: number; rows: number }): void;
}

/** Runs programs. */
export interface Runner extends AsyncDisposable {
  /** Aborted when the cluster reports that the pod or the node is gone; the reason is a ScopeError. */
  readonly targetGone: AbortSignal;
  run(options: RunOptions): Run;
}
