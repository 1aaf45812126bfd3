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

/** A place next to a target, from which its processes and network can be reached. */
export interface TargetClient extends Runner {
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

/** The options of this run, and how it is ended and speaks: what a command needs that asks no cluster. */
export interface RunContext {
  options: GlobalOptions;
  /** Aborted by Ctrl-C and the like. */
  signal: AbortSignal;
  /** Words to people, on stderr. */
  notice(text: string): void;
  /** Words to those who want to know how scope decides. */
  detail(text: string): void;
}

/** A cluster, and what finding and reaching a target in it needs to know. */
export interface ClusterContext extends RunContext {
  cluster: Cluster;
  /** Who makes what is made. */
  createdBy?: CreatedBy;
}

/** How events are shown. */
export interface Show {
  /** Makes the live picture that a terminal gets instead of text. `onQuit`: the person pressed q. */
  live?: () => Promise<(screen: Screen, options: { onQuit(): void }) => Renderer>;
  /** With the time of each line of a log. */
  times?: boolean;
}

/** The world of a command. Expensive things are functions, so that what is not used is not loaded. */
export interface Context extends Readonly<RunContext> {
  /** Standard input and output are both a terminal. */
  readonly interactive: boolean;
  /** $TERM, or dumb. */
  readonly terminalType: string;
  /** Size of the terminal. */
  windowSize(): { columns: number; rows: number };
  /** Returns the namespace of the options, or else of the kubeconfig's context; undefined where there is no kubeconfig. */
  namespace(): Promise<string | undefined>;
  /** Returns the query, or where it says no pod the one that somebody at a terminal chooses. */
  target(query: TargetQuery): Promise<TargetQuery>;
  /** Goes beside the target. Throws ScopeError when there is no way. */
  enter(query: TargetQuery, needs?: Needs): Promise<TargetClient>;
  /** Goes to a node, where pid 1 is its first process. Throws ScopeError when there is no way. */
  enterNode(name: string): Promise<Runner>;
  /** Connects to the cluster of the kubeconfig, once. */
  cluster(): Promise<ClusterContext>;
  /**
   * Shows events on stdout until they end. Returns 128 + n when signal n ended them, 1 when one of them was a failure, or
   * else 0.
   */
  show(events: AsyncIterable<Event> | Iterable<Event>, show?: Show): Promise<number>;
  /** Writes bytes to stdout as they are. */
  print(bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** Connects a run with stdin, stdout and stderr, and returns its exit code. */
  attach(run: Run): Promise<number>;
  /** Returns 128 + n once signal n has interrupted this run; undefined before. */
  readonly interrupted: number | undefined;
}
