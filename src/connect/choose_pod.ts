import { ScopeError } from "../errors.ts";
import type { V1Pod } from "../kube/cluster.ts";
import { copyOrigin } from "../kube/pod_copy.ts";
import { isFinished, isTerminating, podIps, podStatus } from "../kube/pods.ts";
import { allPods } from "../kube/resolve.ts";
import type { PodChoice } from "../terminal/pod_rows.ts";
import type { TargetQuery } from "../target.ts";
import type { ClusterContext } from "../context.ts";
import { namespaceOf } from "./enter.ts";
import type { Interrupt } from "../terminal/interrupt.ts";

/**
 * Lets the user pick a pod, and prints the options that name it the next time. Throws ScopeError: notFound when there is none.
 * Returns the query unchanged when the user may not list pods: the error of the later request names the missing right.
 */
export async function choosePod(
  context: ClusterContext,
  query: TargetQuery,
  { any, interrupt }: { any: boolean; interrupt: Interrupt },
): Promise<TargetQuery> {
  const namespace = query.namespace ?? namespaceOf(context);
  // Load the picker while waiting for the cluster.
  const loaded = import("../terminal/picker.ts");
  const pods = await allPods(context.cluster, namespace).catch((error: unknown) => {
    if (error instanceof ScopeError && error.kind === "denied") return undefined;
    throw error;
  });
  if (pods === undefined) return query;
  const now = Date.now(), choices = pods.filter((pod) => !isDebugPod(pod)).map((pod) => choiceOf(pod, now));
  if (!choices.some(({ running }) => any || running)) {
    throw new ScopeError(
      "notFound",
      `There is no pod in namespace "${namespace}" that ${any ? "could be copied" : "runs"}`,
      {
        hint: "give another namespace with -n NAME",
      },
    );
  }
  const { pickPod } = await loaded;
  const pod = await pickPod({
    question: `Which pod of namespace "${namespace}"?`,
    pods: choices,
    any,
    color: !Deno.env.get("NO_COLOR"),
    interrupt,
  });
  context.notice(`chosen: -n ${namespace} -p ${pod}`);
  return { ...query, pod };
}

function choiceOf(pod: V1Pod, now: number): PodChoice {
  const statuses = pod.status?.containerStatuses ?? [];
  return {
    name: pod.metadata?.name ?? "",
    ready: `${statuses.filter(({ ready }) => ready).length}/${pod.spec?.containers.length ?? 0}`,
    status: podStatus(pod),
    node: pod.spec?.nodeName ?? "",
    ageMs: now - new Date(pod.metadata?.creationTimestamp ?? now).getTime(),
    running: !isFinished(pod) && !isTerminating(pod) && pod.spec?.nodeName !== undefined && podIps(pod).length > 0,
  };
}

function isDebugPod(pod: V1Pod): boolean {
  return pod.metadata?.labels?.["app.kubernetes.io/managed-by"] === "scope" && copyOrigin(pod) === undefined;
}
