import type { Duplex } from "node:stream";
import { delay } from "../lib/delay.ts";
import { ScopeError } from "../errors.ts";
import type { Cluster } from "../kube/cluster.ts";
import { isPassing } from "../kube/retry.ts";
import { connectManager, type ConnectPlace } from "./starting_manager.ts";
import { podDeleted, whyEnded } from "./ended.ts";
import { isHopeless } from "./refusal.ts";

/** Pauses between attempts at exec while the status of the pod says that the container runs; milliseconds. */
const pausesMs = [250, 500, 1000, 2000, 2000];

/**
 * Connects to the manager in a container that runs, as its pod says; undefined where the cluster says by now that it has
 * ended. A refused exec alone is no sign of that: an API server or a kubelet may refuse one for reasons of their own.
 *
 * Throws ScopeError, or the reason of `signal`.
 */
export async function connectFound(
  cluster: Cluster,
  place: ConnectPlace,
  signal: AbortSignal,
): Promise<Duplex | undefined> {
  for (let attempt = 0;; attempt++) {
    try {
      return await connectManager(cluster, place);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ScopeError) || error.kind === "denied" || isHopeless(error)) throw error;
      const pauseMs = pausesMs[attempt], why = await whyEnded(cluster, place, pauseMs);
      // A pod that is being deleted may serve for as long as that takes; its kubelet knows.
      const goes = why === podDeleted && isPassing(error) && !/container not found/.test(error.message);
      if (why !== undefined && !goes) return undefined;
      signal.throwIfAborted();
      if (pauseMs === undefined) throw error;
      if (goes) await delay(pauseMs, signal);
    }
  }
}
