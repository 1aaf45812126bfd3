import type { Duplex } from "node:stream";
import type { ScopeError } from "../errors.ts";
import type { Exec } from "../manager/client/pipe_exec.ts";
import type { Passage } from "../way.ts";

/** A passage to a manager, with how it was made and how to reconnect to, diagnose and remove the manager. */
export interface ManagerEndpoint extends Passage {
  /** Name of the container or pod that the manager runs in, or its pid on this machine. */
  readonly name: string;
  /** True when this call created the container, pod or process of the manager. */
  readonly created: boolean;
  /** True when the manager was running already: another client has connected to it before. */
  readonly found: boolean;
  /** Returns why the manager has ended, as far as the cluster knows; an error when the reason is more than a hint. */
  whyEnded(): Promise<string | ScopeError | undefined>;
  /** Connects again to this manager, also after an interrupt; undefined when it has ended. Missing for a child process. */
  again?(): Promise<Duplex | undefined>;
  /** Runs commands in the manager's container. Missing for a child process. */
  readonly exec?: Exec;
  /**
   * Lets the container runtime run a command in the target's container until it ends. Rejects with ScopeError when the
   * command fails. Missing unless the manager runs in the pod, with a profile that is not `confinedAsTarget`.
   */
  runtimeExec?(command: readonly string[], signal: AbortSignal): Promise<void>;
  /** Removes the pod of the manager, and waits until it is gone. Missing when there is none to remove. */
  remove?(): Promise<void>;
}
