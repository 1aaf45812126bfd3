import { ScopeError } from "../errors.ts";
import type { Cluster, CoreV1EventList, V1Node, V1Pod } from "../kube/cluster.ts";
import { type Progress, waitingProgress } from "./waiting.ts";

/**
 * Finds why a pod does not start, beyond its own status: its newest warning event, or that its node is not ready and waiting
 * is in vain. Ignores what this user may not read.
 */
export async function troubleOf(
  cluster: Cluster,
  pod: V1Pod,
  node: string | undefined,
): Promise<Progress | undefined> {
  const { name = "", namespace = "" } = pod.metadata ?? {};
  const [down, warning] = await Promise.all([
    node === undefined ? undefined : nodeTrouble(cluster, node),
    cluster.request<CoreV1EventList>("list events", {
      method: "GET",
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`,
      query: { fieldSelector: `involvedObject.name=${name},type=Warning` },
    }).then(({ items }) => items.at(-1), () => undefined),
  ]);
  if (down !== undefined) return down;
  return warning === undefined ? undefined : waitingFor(`${warning.reason}: ${warning.message}`);
}

/**
 * Finds why an ephemeral container does not start, and whether waiting is in vain. Reads its events, as the kubelet
 * reports a failed pull in the pod's status 10 to 15 seconds later: nothing else in the pod triggers an update.
 */
export async function troubleOfContainer(
  cluster: Cluster,
  { metadata }: V1Pod,
  container: string,
  image: string,
): Promise<Progress | undefined> {
  const { name = "", namespace = "" } = metadata ?? {};
  const about = `involvedObject.name=${name},involvedObject.fieldPath=spec.ephemeralContainers{${container}}`;
  const events = await cluster.request<CoreV1EventList>("list events", {
    method: "GET",
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`,
    query: { fieldSelector: `${about},type=Warning` },
  }).catch(() => undefined);
  const failed = events?.items.map(({ message = "" }) => /^Failed to pull image "[^"]*": (.*)$/s.exec(message)?.[1]);
  const message = failed?.findLast((one) => one !== undefined);
  if (message !== undefined) return waitingProgress({ reason: "ErrImagePull", message }, undefined, image);
  const other = events?.items.at(-1)?.message;
  return other === undefined ? undefined : waitingFor(other);
}

/** Returns that waiting is in vain for a node that is not ready; undefined when it is ready, or when it cannot be read. */
export async function nodeTrouble(cluster: Cluster, node: string): Promise<Progress | undefined> {
  const error = await notReady(cluster, node);
  return error === undefined ? undefined : { state: "failed", error };
}

function waitingFor(reason: string): Progress {
  return { state: "waiting", reason, pullFailed: false };
}

/** Returns the error for a node that is not ready; undefined when it is ready, or when it cannot be read. */
export async function notReady(cluster: Cluster, node: string): Promise<ScopeError | undefined> {
  try {
    const found = await cluster.request<V1Node>(`get node "${node}"`, {
      method: "GET",
      path: `/api/v1/nodes/${encodeURIComponent(node)}`,
    });
    return notReadyError(found, node);
  } catch {
    return undefined;
  }
}

/** Returns the error for a node that is not ready, with the reason from its status; undefined when it is ready. */
export function notReadyError({ status }: V1Node, name: string): ScopeError | undefined {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  if (ready === undefined || ready.status === "True") return undefined;
  return new ScopeError("unreachable", `Node "${name}" is not ready (${ready.reason ?? ready.status})`, {
    hint: ready.message ?? `kubectl describe node ${name} says why`,
  });
}
