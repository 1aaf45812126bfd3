import type { Duplex } from "node:stream";
import { Backoff } from "../lib/backoff.ts";
import { delay } from "../lib/delay.ts";
import { ScopeError } from "../errors.ts";
import type { Cluster } from "../kube/cluster.ts";
import { isPassing } from "../kube/retry.ts";
import { reasonOf } from "../kube/translate.ts";
import { connectManager, type ConnectPlace } from "./starting_manager.ts";
import { whyEnded } from "./ended.ts";
import { isHopeless } from "./refusal.ts";

/** Waits between attempts at exec while the pod's status reports the container as running, and the number of attempts. */
const pace = { firstMs: 250, longestMs: 2000 }, attempts = 6;

/**
 * Connects to the manager in a container that its pod's status reports as running; returns undefined when it has ended
 * according to the cluster. A refused exec alone proves nothing: an API server or a kubelet may refuse one for other reasons.
 *
 * Throws ScopeError, or the reason of `signal`.
 */
export async function connectFound(
  cluster: Cluster,
  place: ConnectPlace,
  signal: AbortSignal,
): Promise<Duplex | undefined> {
  const backoff = new Backoff(pace);
  for (let left = attempts - 1;; left--) {
    try {
      return await connectManager(cluster, place);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ScopeError) || error.kind === "denied" || isHopeless(error)) throw error;
      const pauseMs = left > 0 ? backoff.next() : undefined, ending = await whyEnded(cluster, place, pauseMs);
      // A pod that is being deleted may still run for a while; only its kubelet knows for how long.
      const stillRuns = ending?.podDeleted === true && isPassing(error) && !/container not found/.test(reasonOf(error));
      if (ending !== undefined && !stillRuns) return undefined;
      signal.throwIfAborted();
      if (pauseMs === undefined) throw error;
      if (stillRuns) await delay(pauseMs, signal);
    }
  }
}
