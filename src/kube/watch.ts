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
  /** All pods there are have been told. */
  | { type: "LISTED" };

export interface PodWatchOptions {
  namespace: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/** The waits before pods are listed anew: no server is asked without pause. */
const pace = { firstMs: 500, longestMs: 2000 };
/** A watch that has been silent for so long is opened anew, in milliseconds: its connection may be forgotten by a firewall. */
const silentMs = 30_000;
/** How long the API server may keep a watch open before it is opened anew, in seconds. */
const watchSeconds = 300;

/**
 * The pods as they are, each as ADDED, then LISTED, and then their changes, until the signal. A watch that the server ends is opened
 * anew, from a fresh list where it fell behind; then a pod that has gone meanwhile comes as DELETED.
 *
 * Throws ScopeError when the pods cannot be listed or watched at first, or are not allowed to be; afterwards it goes on.
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
      // An API server that went away for a while is no news of the pods.
      const again = attempts.failed(error);
      if (!listed || signal.aborted || again === undefined) throw error;
      waitMs = again;
    }
  }
}

/** A list, and a watch from there on. */
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

/** One watch. Ends when the server ends it or says that it must be opened anew. */
async function* changes(
  cluster: Cluster,
  { namespace, labelSelector, fieldSelector }: PodWatchOptions,
  resourceVersion: string,
  opened: () => void,
  signal: AbortSignal,
): AsyncIterable<Exclude<PodChange, { type: "LISTED" }>> {
  const silent = new AbortController(), until = AbortSignal.any([signal, silent.signal]);
  let limit: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(limit);
    limit = setTimeout(() => silent.abort(), silentMs);
  };
  let body: Awaited<ReturnType<Cluster["stream"]>> | undefined;
  try {
    heard();
    const query = { labelSelector, fieldSelector, resourceVersion, watch: "true", timeoutSeconds: `${watchSeconds}` };
    body = await cluster.stream({ path: podPath(namespace), query, signal: until });
    opened();
    for await (const { type, object } of readWatch(body, heard)) {
      if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED") return; // ERROR: the version is too old
      yield { type, pod: object as V1Pod };
    }
  } catch (error) {
    // 410: the list is too old to go on from.
    if (until.aborted || (error instanceof StatusError && error.code === 410)) return;
    const asked = [{ verb: "watch", group: "", resource: "pods", namespace }];
    throw translate("watch pods", error, { permissionHint: cluster.permissionHint, asked });
  } finally {
    clearTimeout(limit);
    body?.destroy();
  }
}
