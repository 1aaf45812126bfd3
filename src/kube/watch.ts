import type { V1Pod, V1PodList } from "@kubernetes/client-node";
import { delay } from "../delay.ts";
import type { ScopeError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";
import { podPath, StatusError } from "./rest.ts";
import { translate } from "./translate.ts";

export type PodChange =
  | { type: "ADDED" | "MODIFIED" | "DELETED"; pod: V1Pod }
  /** All pods there are have been told. */
  | { type: "LISTED" };

export interface PodWatchOptions {
  namespace: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/** How long to wait before pods are listed anew, in milliseconds: no server is asked without pause. */
const againMs = 500;
/** An API server that has just started refuses for some time what it allows later; milliseconds. */
const refusedMs = 30_000;
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
  const known = new Map<string, V1Pod>();
  let listed = false;
  let failingSince: number | undefined;
  for (let round = 0; !signal.aborted; round++) {
    if (round > 0) await delay(againMs, signal);
    try {
      for await (const change of oneRound(cluster, options, known, signal)) {
        failingSince = undefined;
        listed ||= change.type === "LISTED";
        yield change;
      }
    } catch (error) {
      // An API server that went away for a while is no news of the pods.
      const { kind } = error as Partial<ScopeError>;
      failingSince ??= performance.now();
      const refused = kind === "denied" && performance.now() - failingSince < refusedMs;
      const mends = kind === "unreachable" || kind === "timeout" || (round > 0 && refused);
      if (!listed || signal.aborted || !mends) throw error;
    }
  }
}

/** A list, and a watch from there on. */
async function* oneRound(
  cluster: Cluster,
  options: PodWatchOptions,
  known: Map<string, V1Pod>,
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
  for await (const change of changes(cluster, options, list.metadata?.resourceVersion ?? "", signal)) {
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
  signal: AbortSignal,
): AsyncIterable<Exclude<PodChange, { type: "LISTED" }>> {
  const queue: Exclude<PodChange, { type: "LISTED" }>[] = [];
  let wake = () => {}, ended = false, failure: unknown;
  const controller = await cluster.watch.watch(
    podPath(namespace),
    { labelSelector, fieldSelector, resourceVersion, timeoutSeconds: watchSeconds, allowWatchBookmarks: false },
    (type: string, pod: V1Pod) => {
      if (type === "ADDED" || type === "MODIFIED" || type === "DELETED") queue.push({ type, pod });
      else ended = true; // ERROR: the version is too old
      wake();
    },
    (error: unknown) => {
      // A silent watch is cut by the client after 30 s: nothing happened, which is no failure.
      const { name, statusCode } = (error ?? {}) as { name?: string; statusCode?: number };
      // 410: the list is too old to go on from.
      if (statusCode !== undefined && statusCode !== 410) failure = new StatusError(statusCode, "");
      else if (statusCode === undefined && name !== "AbortError" && name !== "TimeoutError") failure = error;
      ended = true;
      wake();
    },
  );
  const stop = () => {
    ended = true;
    controller.abort();
    wake();
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    while (true) {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) yield next;
      if (failure && !signal.aborted) {
        const asked = [{ verb: "watch", group: "", resource: "pods", namespace }];
        throw translate("watch pods", failure, { askFor: cluster.askFor, asked });
      }
      if (ended) return;
      await new Promise<void>((resolve) => wake = resolve);
    }
  } finally {
    signal.removeEventListener("abort", stop);
    controller.abort();
  }
}
