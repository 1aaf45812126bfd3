import type { Event, ProcessSeen } from "./event.ts";
import type { Cluster } from "./kube/cluster.ts";
import type { CreatedBy } from "./kube/created_by.ts";
import type { BypassCall } from "./manager/client/bypass_plan.ts";
import type { RedirectCall } from "./manager/client/redirect_plan.ts";
import type { Files } from "./manager/client/target_files.ts";
import type { GlobalOptions } from "./options.ts";
import type { Renderer, Screen } from "./renderer.ts";
import type { Target, TargetQuery } from "./target.ts";
import type { InsideCall, Run, Runner } from "./tool.ts";
import type { Capability, Needs, WayName } from "./way.ts";

/** Client of a manager next to a target: reaches the processes, files and network of the target. */
export interface TargetClient extends Runner {
  readonly target: Target;
  readonly way: Exclude<WayName, "auto">;
  /** Effective capabilities of the manager. */
  readonly capabilities: ReadonlySet<Capability>;
  /** Returns true if the kernel refuses the program to rename or remove the target's mounts. */
  protectsMounts(call: InsideCall): boolean;
  /** Returns the processes of all containers of the target's pod. */
  processes(): Promise<ProcessSeen[]>;
  /** Returns any process that the manager sees; its container is empty if it does not belong to the target's pod. */
  process(pid: number): Promise<ProcessSeen | undefined>;
  /** Files of the target's container. */
  readonly files: Files;
  /**
   * Redirects connections of the pod to this machine until the signal of the call is aborted. Throws ScopeError if it cannot
   * start, and when the connection to the manager is lost.
   */
  redirect(call: RedirectCall): AsyncIterable<Event>;
  /**
   * Lets outgoing connections of the pod bypass its sidecar until the signal of the call is aborted. Throws ScopeError if it
   * cannot start, and when the connection to the manager is lost.
   */
  bypass(call: BypassCall): AsyncIterable<Event>;
}

/** Options, cancellation and messages of a run: enough for commands that use no cluster. */
export interface RunContext {
  options: GlobalOptions;
  /** Aborted by Ctrl-C and other signals that end the run. */
  signal: AbortSignal;
  /** Prints a message on stderr. */
  notice(text: string): void;
  /** Prints a detail of how scope decides, for `-v`. */
  detail(text: string): void;
}

/** A cluster, with all that is needed to find and reach a target in it. */
export interface ClusterContext extends RunContext {
  cluster: Cluster;
  /** Recorded on the objects that the run creates. */
  createdBy?: CreatedBy;
}

/** Options for showing events. */
export interface Show {
  /** Makes the live view that a terminal gets instead of text. `onQuit` is called when the user presses q. */
  live?: () => Promise<(screen: Screen, options: { onQuit(): void }) => Renderer>;
  /** Shows the time of each log line. */
  times?: boolean;
}

/** Everything that a command may use. Expensive parts are functions, so that unused ones are never loaded. */
export interface Context extends Readonly<RunContext> {
  /** True if stdin and stdout are both a terminal. */
  readonly interactive: boolean;
  /** $TERM, or `dumb`. */
  readonly terminalType: string;
  /** Returns the size of the terminal. */
  windowSize(): { columns: number; rows: number };
  /** Returns the namespace of the options, or else of the kubeconfig's context; undefined without a kubeconfig. */
  namespace(): Promise<string | undefined>;
  /** Returns the query; if it names no pod, the user at the terminal chooses one. */
  target(query: TargetQuery): Promise<TargetQuery>;
  /** Connects to a manager next to the target. Throws ScopeError if no way works. */
  enter(query: TargetQuery, needs?: Needs): Promise<TargetClient>;
  /** Connects to a node, where pid 1 is the node's first process. Throws ScopeError if no way works. */
  enterNode(name: string): Promise<Runner>;
  /** Connects to the cluster of the kubeconfig, once. */
  cluster(): Promise<ClusterContext>;
  /** Shows events on stdout until they end. Returns 128 + n if signal n ended them, 1 if one of them is a failure, else 0. */
  show(events: AsyncIterable<Event> | Iterable<Event>, show?: Show): Promise<number>;
  /** Writes bytes to stdout unchanged. */
  print(bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** Connects a run with stdin, stdout and stderr. Returns its exit code. */
  attach(run: Run): Promise<number>;
  /** 128 + n once signal n has interrupted this run; undefined before. */
  readonly interrupted: number | undefined;
}
