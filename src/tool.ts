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

/** A program to run beside the target. */
export interface RunOptions {
  argv: readonly string[];
  namespaces: readonly NamespaceKind[];
  env?: Readonly<Record<string, string>>;
  /** Set: the program gets a terminal of this size. */
  pty?: { columns: number; rows: number };
  /** A process that the program stops, as a debugger does: when the run has ended, that one runs on. */
  traces?: number;
  /** Set: the program runs inside all of the target's namespaces and its root, with no more rights than the target. */
  inside?: InsideOptions;
  /** Whose namespaces are entered, as the manager counts pids; by default the target's first process. */
  pid?: number;
}

/** How a program runs inside the target. */
export interface InsideOptions {
  /** It keeps all rights of the manager. */
  privileged: boolean;
  /** `UID` or `UID:GID`; by default as the target. */
  user?: string;
}

/** The rights of a program inside the target, and the process that it runs beside. */
export type InsideCall = Pick<RunOptions, "inside" | "pid">;

/** Whether a program runs inside as the target itself: then its container's runtime can let it in. */
export function isAsTarget({ inside, pid }: InsideCall): boolean {
  // Of which container another process is, nobody knows.
  return inside !== undefined && !inside.privileged && inside.user === undefined && pid === undefined;
}

/** A running program. Everything it started ends with it, or with this client. */
export interface Run {
  /** What it prints, in the order it came. */
  readonly output: AsyncIterable<{ stream: "stdout" | "stderr"; bytes: Uint8Array }>;
  /** Settled after the last output. Rejects with ScopeError when the connection is lost. */
  readonly exit: Promise<ToolExit>;
  /** Resolves when the connection took it: writing on before that only fills memory. */
  write(bytes: Uint8Array): Promise<void>;
  endInput(): void;
  /** Resolves when the manager has passed it on. */
  signal(name: string): Promise<void>;
  resize(size: { columns: number; rows: number }): void;
}

/** Where programs can be run. */
export interface Runner extends AsyncDisposable {
  /** Whether the cluster says that what this is the place of is gone; the reason is a ScopeError. */
  readonly lost: AbortSignal;
  run(options: RunOptions): Run;
}
