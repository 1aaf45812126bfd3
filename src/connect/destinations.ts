import type { Context } from "../context.ts";
import { ScopeError } from "../errors.ts";
import type { PingGone, PingSkipped } from "../event.ts";
import type { Destination, DestinationQuery } from "../target.ts";
import { defined } from "../lib/defined.ts";
import { now } from "../lib/timed.ts";
import type { Cluster, V1Pod } from "../kube/cluster.ts";
import { isFinished, isTerminating, podName, toDestinations } from "../kube/pods.ts";
import { allPods, choosePod, selectPods } from "../kube/resolve.ts";
import { watchPods } from "../kube/watch.ts";

export interface Destinations {
  reachable: Destination[];
  skipped: PingSkipped[];
  /** Reports destinations that are deleted or finish; ends with the signal. */
  watch(signal: AbortSignal): AsyncIterable<PingGone>;
}

/** Finds the destinations of a ping. Throws ScopeError when a pod or namespace is missing, or nothing can be pinged. */
export async function findDestinations(
  { options, notice, ...context }: Pick<Context, "cluster" | "options" | "notice">,
  query: DestinationQuery,
): Promise<Destinations> {
  // Pinging only hosts, from this machine, needs no cluster.
  if (options.via === "local" && !query.all && query.pods.length === 0) {
    return { reachable: query.hosts.map((address) => ({ address })), skipped: [], async *watch() {} };
  }
  const { cluster } = await context.cluster();
  const namespace = query.namespace ?? options.namespace ?? cluster.namespace;
  const pods = query.all
    ? (await allPods(cluster, namespace)).filter((pod) => !isManaged(pod))
    : await named(cluster, namespace, query.pods, notice);
  const reachable: Destination[] = query.hosts.map((address) => ({ address }));
  const skipped: PingSkipped[] = [];
  for (const pod of pods.toSorted((a, b) => (a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1)) {
    const found = toDestinations(pod, query.families);
    if (typeof found !== "string") reachable.push(...found);
    else skipped.push(skip(pod, found));
  }
  if (reachable.length === 0) {
    const [first] = skipped;
    throw first === undefined
      ? new ScopeError("notFound", `There are no pods in namespace "${namespace}"`, {
        hint: "give another namespace to ping with -N NAME",
      })
      : new ScopeError("unreachable", `Pod "${first.namespace}/${first.pod}" ${first.reason}`, {
        hint: skipped.length > 1 ? `and ${skipped.length - 1} more that cannot be pinged` : "choose a pod that runs",
      });
  }
  return { reachable, skipped, watch: (signal) => watchGone(cluster, pods, reachable, signal) };
}

async function named(
  cluster: Cluster,
  namespace: string,
  names: readonly string[],
  notice: (text: string) => void,
): Promise<V1Pod[]> {
  return await Promise.all(names.map(async (name) => {
    const { pods, of } = await selectPods(cluster, namespace, { pod: name });
    const pod = choosePod(pods)!;
    if (of !== undefined) notice(`pinging pod "${podName(pod)}" of ${of}`);
    return pod;
  }));
}

/** Returns true for a pod that scope created: it is not part of the user's workload. */
function isManaged(pod: V1Pod): boolean {
  return pod.metadata?.labels?.["app.kubernetes.io/managed-by"] === "scope";
}

function skip(pod: V1Pod, reason: string): PingSkipped {
  return {
    type: "ping.skipped",
    time: now(),
    pod: pod.metadata?.name ?? "",
    namespace: pod.metadata?.namespace ?? "",
    ...defined({ node: pod.spec?.nodeName }),
    reason,
  };
}

/** Reports destinations that are deleted or finish, each address once. */
async function* watchGone(
  cluster: Cluster,
  pods: readonly V1Pod[],
  destinations: readonly Destination[],
  signal: AbortSignal,
): AsyncIterable<PingGone> {
  const namespace = pods[0]?.metadata?.namespace, reported = new Set<string>();
  if (namespace === undefined) return;
  const uids = new Set(pods.map(({ metadata }) => metadata?.uid));
  const only = pods.length === 1 ? { fieldSelector: `metadata.name=${pods[0]?.metadata?.name}` } : {};
  for await (const change of watchPods(cluster, { namespace, ...only }, signal)) {
    if (change.type === "LISTED") continue;
    const { pod, type } = change, uid = pod.metadata?.uid ?? "";
    const reason = type === "DELETED"
      ? "was deleted"
      : isTerminating(pod)
      ? "is being deleted"
      : isFinished(pod)
      ? "has finished"
      : "";
    if (reason === "" || reported.has(uid) || !uids.has(uid)) continue;
    reported.add(uid);
    for (const destination of destinations) {
      if (destination.pod !== pod.metadata?.name || destination.namespace !== namespace) continue;
      yield { type: "ping.gone", time: now(), ...destination, reason };
    }
  }
}
