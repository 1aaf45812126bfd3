import type { BypassCall, BypassPlan } from "./manager/client/bypass_plan.ts";
import type { CopyRequest } from "./features/files/copy_place.ts";
import type { Destination, Event, PingGone, PingSkipped, ProcessSeen } from "./event.ts";
import type { Files } from "./manager/client/target_files.ts";
import type { LogRequest } from "./features/logs/request.ts";
import type { CompletedShell, GlobalOptions } from "./options.ts";
import type { RedirectAsked, RedirectCall } from "./manager/client/redirect_plan.ts";
import type { Target, TargetQuery } from "./target.ts";
import type { NamespaceKind, ToolExit } from "./tool.ts";
import type { Capability, Needs, WayName } from "./way.ts";

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
export interface Place extends AsyncDisposable {
  /** Whether the cluster says that what this is the place of is gone; the reason is a ScopeError. */
  readonly lost: AbortSignal;
  run(options: RunOptions): Run;
}

/** A place next to a target, from which its processes and network can be reached. */
export interface Beside extends Place {
  readonly target: Target;
  readonly way: Exclude<WayName, "auto">;
  /** In effect there. */
  readonly capabilities: ReadonlySet<Capability>;
  /** Whether the kernel refuses to what runs inside to rename or remove what the target has mounted. */
  protectsMounts(call: InsideCall): boolean;
  /** The processes of all containers of the target's pod. */
  processes(): Promise<ProcessSeen[]>;
  /** Any process that the manager sees; its container is empty when it is none of the target's pod. */
  process(pid: number): Promise<ProcessSeen | undefined>;
  /** Of the target's container. */
  readonly files: Files;
  /**
   * Redirects connections of the pod to this machine until the signal of the call is aborted. Throws ScopeError when it
   * cannot begin, and when it is lost.
   */
  redirect(call: RedirectCall): AsyncIterable<Event>;
  /**
   * Lets connections that the pod makes go around its sidecar until the signal of the call is aborted. Throws ScopeError
   * when it cannot begin, and when it is lost.
   */
  bypass(call: BypassCall): AsyncIterable<Event>;
}

/** Which pods or hosts a ping goes to. */
export interface DestinationQuery {
  /** Pods by NAME or TYPE/NAME. */
  pods: readonly string[];
  /** All pods of the namespace. */
  all: boolean;
  /** Default: that of the options. */
  namespace?: string;
  hosts: readonly string[];
  /** Addresses of these families only; none: each pod's primary address. */
  families: readonly (4 | 6)[];
}

export interface Destinations {
  reachable: Destination[];
  skipped: PingSkipped[];
  /** What happens to them meanwhile; ends with the signal. */
  watch(signal: AbortSignal): AsyncIterable<PingGone>;
}

/** How a copy of a pod differs from it. */
export interface CopyOptions {
  name?: string;
  /** Image and command of the container that is meant, instead of its own. */
  image?: string;
  command?: readonly string[];
  /** One pid namespace for all containers. */
  shareProcesses: boolean;
  /** On any node that the scheduler finds, instead of the pod's own. */
  anyNode: boolean;
}

/** Where others on this machine reach what scope serves. */
export interface ServeOptions {
  /** Path of a unix socket; without it and without a port, one in a new folder of its own. */
  socket?: string;
  /** Of TCP, on 127.0.0.1. */
  port?: number;
  /** Ends when nobody has been connected for this long; by default it goes on. */
  idleMs?: number;
}

/** A command, and what it needs of its place. */
export interface Needing {
  command: string;
  needs: Needs;
}

/** The debug pods of the node Way, and the copies of pods: all that scope makes and that stays. */
export interface DebugPods {
  /** Starts the one of the target's node, or finds it, and waits until its manager answers. */
  launch(query: TargetQuery): Promise<Event>;
  /** `everywhere`: in all namespaces. */
  list(everywhere: boolean): Promise<Event[]>;
  /** By the name of a target, a debug pod or a copy, or `all` of them. Each is removed when this returns. */
  remove(pod: string, everywhere: boolean): AsyncIterable<Event>;
}

/**
 * `graph` and `live` are drawn on a terminal, and are text elsewhere: a ping's graph, and the table of a redirect. `times`
 * is text with the time of each line of a log.
 */
export type View = "text" | "graph" | "live" | "times";

/** What a command may touch. Expensive things are functions, so that what is not used is not loaded. */
export interface Context {
  readonly options: GlobalOptions;
  /** Aborted by Ctrl-C and the like. */
  readonly signal: AbortSignal;
  /** Standard input and output are both a terminal. */
  readonly interactive: boolean;
  /** Words to people, on stderr. */
  say(text: string): void;
  /** That of the options, or else of the kubeconfig's context; nothing where there is no kubeconfig. */
  namespace(): Promise<string | undefined>;
  /** Goes beside the target. Throws ScopeError when there is no way. */
  enter(query: TargetQuery, needs?: Needs): Promise<Beside>;
  /** Goes to a node, where pid 1 is its first process. Throws ScopeError when there is no way. */
  enterNode(name: string): Promise<Place>;
  /** Throws ScopeError when a pod is missing or none can be pinged. */
  destinations(query: DestinationQuery): Promise<Destinations>;
  debugPods(): Promise<DebugPods>;
  /** Tells of each command which Way it could go by, without making anything. Without a pod: of the namespace. */
  diagnose(query: TargetQuery, commands: readonly Needing[]): AsyncIterable<Event>;
  /** Makes a debug copy of a pod and waits until it is there. Throws ScopeError; then there is none. */
  copy(query: TargetQuery, options: CopyOptions): Promise<Event>;
  /**
   * Shows events on stdout until they end. Returns 128 + n when signal n ended them, 1 when one of them was a failure, or
   * else 0.
   */
  show(events: AsyncIterable<Event> | Iterable<Event>, view?: View): Promise<number>;
  /**
   * Copies between this machine and a target, with progress on stderr, and tells of each file. Ends with `cp.summary`;
   * one of several files that fails is told as `failed`. Throws ScopeError.
   */
  copyFiles(beside: Beside, request: CopyRequest): AsyncIterable<Event>;
  /**
   * Redirects connections of all pods that the options choose, until the signal is aborted; comes back after a lost
   * connection, and follows pods that come and go where they were not chosen by name. Throws ScopeError.
   */
  redirect(query: TargetQuery, plan: RedirectAsked): AsyncIterable<Event>;
  /**
   * Lets connections that one pod makes go around its sidecar, until the signal is aborted; comes back after a lost
   * connection. Throws ScopeError.
   */
  bypass(query: TargetQuery, plan: BypassPlan): AsyncIterable<Event>;
  /**
   * Reads the logs of pods, follows those that come, and runs a command of this machine meanwhile where the request has one.
   * With text output, what is no line of a log and no output is said on stderr instead. Throws ScopeError.
   */
  logs(request: LogRequest): AsyncIterable<Event>;
  /**
   * Lets others on this machine use the manager beside a target: tells where, and goes on until it is told to end. Throws
   * ScopeError when there is no way, when that place is taken, or when the connection is lost.
   */
  manage(query: TargetQuery, needs: Needs, place: ServeOptions): AsyncIterable<Event>;
  /** Standard output is a pipe, whose reader may wait for its end. */
  readonly piped: boolean;
  /**
   * Runs this command line again with more words behind it, in a process of its own, and returns when that has printed a
   * line, which is passed on: its pid and that line, or the exit code of one that ended before.
   */
  background(more: readonly string[]): Promise<{ pid: number; line: string } | { exitCode: number }>;
  /** Writes bytes to stdout as they are. */
  print(bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** The script that makes a shell complete command lines of scope. */
  completionScript(shell: CompletedShell): Promise<string>;
  /** Connects a run with stdin, stdout and stderr, and returns its exit code. */
  attach(run: Run): Promise<number>;
  /** The text of a file of this machine. Throws ScopeError when it cannot be read. */
  readFile(path: string): Promise<string>;
  /** $TERM, or dumb. */
  readonly terminalType: string;
  /** Size of the terminal. */
  windowSize(): { columns: number; rows: number };
}
