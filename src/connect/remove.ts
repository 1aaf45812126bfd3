import { defined } from "../lib/defined.ts";
import type { Cluster, V1Pod } from "../kube/cluster.ts";
import { statusOf } from "../kube/cluster.ts";
import { podName } from "../kube/pods.ts";
import { podPath } from "../kube/rest.ts";
import { watchPods } from "../kube/watch.ts";
import { ScopeError } from "../errors.ts";

/** Limit for a pod to be gone, in milliseconds: its own grace period, and some time for the kubelet. */
const limitMs = 30_000;

/** Requests the deletion of a pod, by its uid: a newer pod of the same name stays. */
export async function deletePod(cluster: Cluster, pod: V1Pod, graceSeconds?: number): Promise<void> {
  const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
  try {
    const grace = defined({ gracePeriodSeconds: graceSeconds });
    await cluster.request(`delete pod "${podName(pod)}"`, {
      method: "DELETE",
      path: podPath(namespace, name),
      body: { preconditions: { uid }, ...grace },
    });
  } catch (error) {
    // Gone already, or replaced by another pod of that name.
    if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
  }
}

/** Removes a pod that was just created, and waits until it is gone. */
export async function withdrawPod(cluster: Cluster, pod: V1Pod): Promise<void> {
  const { name = "", namespace = "" } = pod.metadata ?? {};
  const read = { method: "GET", path: podPath(namespace, name) } as const;
  const { status } = await cluster.request<V1Pod>(`get pod "${podName(pod)}"`, read).catch(() => pod);
  // Force the deletion of a pod that its kubelet has not seen: when the node is down, nothing would ever confirm its end.
  await removePod(cluster, pod, status?.startTime === undefined ? 0 : undefined);
}

/** Deletes a pod, by its uid, and waits until it is gone. Without `graceSeconds` the pod's own grace period counts. */
export async function removePod(cluster: Cluster, pod: V1Pod, graceSeconds?: number): Promise<void> {
  const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
  await deletePod(cluster, pod, graceSeconds);
  const gone = new AbortController();
  const limit = AbortSignal.any([gone.signal, AbortSignal.timeout(limitMs)]);
  let exists = false;
  try {
    for await (const change of watchPods(cluster, { namespace, fieldSelector: `metadata.name=${name}` }, limit)) {
      if (change.type === "LISTED") {
        if (!exists) return;
      } else if (change.type === "DELETED" || change.pod.metadata?.uid !== uid) return;
      else exists = true;
    }
  } finally {
    gone.abort();
  }
  throw new ScopeError("timeout", `Pod "${podName(pod)}" was deleted, but is still there after ${limitMs / 1000} s`, {
    hint: "its node may be down; kubectl get pods shows when it is gone",
  });
}
