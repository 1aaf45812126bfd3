import type { CopyOptions } from "./copy_command.ts";
import { ScopeError } from "../../errors.ts";
import type { CopyReady } from "../../event.ts";
import { defined } from "../../lib/defined.ts";
import { now } from "../../lib/timed.ts";
import type { Cluster } from "../../kube/cluster.ts";
import { containerOf, podCopy, sharedClaims } from "../../kube/pod_copy.ts";
import { podName } from "../../kube/pods.ts";
import { choosePod, selectPods } from "../../kube/resolve.ts";
import type { TargetQuery } from "../../target.ts";
import { startCopy } from "./make_copy.ts";
import { copyStatus } from "./copy_progress.ts";
import type { ClusterContext } from "../../context.ts";
import { namespaceOf } from "../../connect/enter.ts";

/** Makes a debug copy of the query's pod, whatever state the pod is in. */
export async function copyPod(context: ClusterContext, query: TargetQuery, options: CopyOptions): Promise<CopyReady> {
  const { cluster, createdBy, signal, notice } = context, begin = performance.now();
  const [{ pods, of }, by] = await Promise.all([selectPods(cluster, namespaceOf(context), query), whoAmI(cluster)]);
  const pod = choosePod(pods)!, container = containerOf(pod, query.container);
  if (of !== undefined) notice(`using pod "${podName(pod)}" of ${of}`);
  if (container === undefined) {
    const names = [...pod.spec?.containers ?? [], ...pod.spec?.initContainers ?? []].map(({ name }) => name);
    throw new ScopeError("notFound", `Cannot find container "${query.container}" in pod "${podName(pod)}"`, {
      hint: `it has ${names.join(", ")}`,
    });
  }
  const copy = podCopy(pod, {
    ...options,
    container: container.name,
    ...defined({ by, createdBy }),
  });
  for (const claim of sharedClaims(pod)) {
    notice(`the copy shares the volume "${claim}" with the original: what it writes there is written for both`);
  }
  const { timeoutMs } = context.options, { command } = options;
  const wait = { copy, of: podName(pod), container: container.name, timeoutMs, notice };
  const made = await startCopy(
    cluster,
    { ...wait, ...defined({ command }) },
    signal,
  );
  const started = containerOf(made, container.name);
  return {
    type: "copy.ready",
    time: now(),
    name: made.metadata?.name ?? "",
    namespace: made.metadata?.namespace ?? "",
    node: made.spec?.nodeName ?? "",
    of: pod.metadata?.name ?? "",
    container: container.name,
    image: started?.image ?? "",
    ...(command === undefined ? {} : { command: [...command] }),
    ...copyStatus(made, container.name),
    tookMs: Math.round(performance.now() - begin),
  };
}

/**
 * Returns the user's name as the API server knows it, for the copy's annotation; undefined if the server does not return it.
 */
async function whoAmI(cluster: Cluster): Promise<string | undefined> {
  try {
    const review = await cluster.request<{ status?: { userInfo?: { username?: string } } }>("ask who you are", {
      method: "POST",
      path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
    });
    return review.status?.userInfo?.username;
  } catch {
    return undefined; // older than Kubernetes 1.28, or not allowed
  }
}
