import type { V1Pod, V1PodList } from "@kubernetes/client-node";
import { delay } from "../lib/delay.ts";
import type { Cluster } from "./cluster.ts";
import { podPath } from "./rest.ts";
import { Attempts } from "./retry.ts";
import { StatusError } from "./status_error.ts";
import { translate } from "./translate.ts";
import { readWatch } from "./watch_lines.ts";

export type PodChange =
  | { type: "ADDED" | "MODIFIED" | "DELETED"; pod: V1Pod }
  /** All existing pods have been reported. */
  | { type: "LISTED" };

export interface PodWatchOptions {
  namespace: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/** Waits before pods are listed again, so that no server is polled without pause. */
const pace = { firstMs: 500, longestMs: 2000 };
/** Silence after which a watch is reopened, in milliseconds: a firewall may have forgotten its connection. */
const silentMs = 30_000;
/** Time for which the API server may keep a watch open before it is reopened, in seconds. */
const watchSeconds = 300;

/**
 * Yields the existing pods, each as ADDED, then LISTED, and then their changes, until `signal` is aborted. When a watch ends,
 * the pods are listed and watched again; a pod that has gone meanwhile is yielded as DELETED.
 *
 * Throws ScopeError when the first list fails, or when a later failure is one that retries cannot mend.
 */
export async function* watchPods(
  cluster: Cluster,
  options: PodWatchOptions,
  signal: AbortSignal,
): AsyncIterable<PodChange> {
  const known = new Map<string, V1Pod>(), attempts = new Attempts(pace);
  let listed = false;
  for (let waitMs = 0; !signal.aborted;) {
    if (waitMs > 0) await delay(waitMs, signal);
    if (signal.aborted) return;
    waitMs = pace.firstMs;
    try {
      for await (const change of oneRound(cluster, options, known, () => attempts.succeeded(), signal)) {
        listed ||= change.type === "LISTED";
        yield change;
      }
    } catch (error) {
      // An API server that is unavailable for a while says nothing about the pods.
      const again = attempts.failed(error);
      if (!listed || signal.aborted || again === undefined) throw error;
      waitMs = again;
    }
  }
}

/** Lists the pods, and watches them from there on. */
async function* oneRound(
  cluster: Cluster,
  options: PodWatchOptions,
  known: Map<string, V1Pod>,
  opened: () => void,
  signal: AbortSignal,
): AsyncIterable<PodChange> {
  const list: V1PodList = await cluster.request("list pods", {
    method: "GET",
    path: podPath(options.namespace),
    query: { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector },
  });
  const fresh = new Set(list.items.map((pod) => pod.metadata?.uid ?? ""));
  for (const [uid, pod] of known) {
    if (fresh.has(uid)) continue;
    known.delete(uid);
    yield { type: "DELETED", pod };
  }
  for (const pod of list.items) {
    const uid = pod.metadata?.uid ?? "", type = known.has(uid) ? "MODIFIED" : "ADDED";
    known.set(uid, pod);
    yield { type, pod };
  }
  yield { type: "LISTED" };
  for await (const change of changes(cluster, options, list.metadata?.resourceVersion ?? "", opened, signal)) {
    const uid = change.pod.metadata?.uid ?? "";
    if (change.type === "DELETED") known.delete(uid);
    else known.set(uid, change.pod);
    yield change;
  }
}

/** Runs one watch. Ends when the server ends it or requires a new list. */
async function* changes(
  cluster: Cluster,
  { namespace, labelSelector, fieldSelector }: PodWatchOptions,
  resourceVersion: string,
  opened: () => void,
  signal: AbortSignal,
): AsyncIterable<Exclude<PodChange, { type: "LISTED" }>> {
  const silent = new AbortController(), until = AbortSignal.any([signal, silent.signal]);
  let limit: ReturnType<typeof setTimeout> | undefined;
  const onData = () => {
    clearTimeout(limit);
    limit = setTimeout(() => silent.abort(), silentMs);
  };
  let body: Awaited<ReturnType<Cluster["stream"]>> | undefined;
  try {
    onData();
    const query = { labelSelector, fieldSelector, resourceVersion, watch: "true", timeoutSeconds: `${watchSeconds}` };
    body = await cluster.stream({ path: podPath(namespace), query, signal: until });
    opened();
    for await (const { type, object } of readWatch(body, onData)) {
      if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED") return; // ERROR: the resource version is too old
      yield { type, pod: object as V1Pod };
    }
  } catch (error) {
    // 410: the resource version of the list is too old.
    if (until.aborted || (error instanceof StatusError && error.code === 410)) return;
    const rights = [{ verb: "watch", group: "", resource: "pods", namespace }];
    throw translate("watch pods", error, { rights });
  } finally {
    clearTimeout(limit);
    body?.destroy();
  }
}
