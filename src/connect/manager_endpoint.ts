import type { Duplex } from "node:stream";
import type { ScopeError } from "../errors.ts";
import type { Passage } from "../way.ts";

/** A passage, and how it came to be. */
export interface ManagerEndpoint extends Passage {
  /** Of what the manager runs in: a container, a pod, or a process of this machine. */
  readonly name: string;
  /** What the manager runs in was made by this call. */
  readonly created: boolean;
  /** It was running already: somebody has talked to its manager before. */
  readonly found: boolean;
  /** Why the manager is gone, as far as the cluster can tell; an error where it is more than a hint. */
  whyEnded(): Promise<string | ScopeError | undefined>;
  /** Connects once more to this very manager, also after an interrupt; nothing where it has ended. Missing for a child. */
  again?(): Promise<Duplex | undefined>;
  /**
   * Has the container's runtime run a command in the target's container, to its end. Rejects with ScopeError where it does
   * not. Missing where the manager is not the target's own user beside it.
   */
  letIn?(command: readonly string[], signal: AbortSignal): Promise<void>;
  /** Removes what the manager runs in, and waits until it is gone. Missing where nothing can be removed. */
  remove?(): Promise<void>;
}
