import { defined } from "../../lib/defined.ts";
import { ScopeError } from "../../errors.ts";
import type { V1Pod } from "../../kube/cluster.ts";
import { type LogContainer, logContainers } from "../../kube/container_logs.ts";
import { podName } from "../../kube/pods.ts";
import { allPods, type Selection, selectPods } from "../../kube/resolve.ts";
import type { LogRequest } from "./request.ts";
import { scopeContainers } from "../../connect/ephemeral_container.ts";
import { isDebugPod } from "../../connect/debug_pod.ts";
import { namespaceOf } from "../../connect/enter.ts";
import type { ClusterContext } from "../../context.ts";

/** The pods whose logs are read, and the watch that finds pods that appear later. */
export interface LogSelection {
  namespace: string;
  pods: V1Pod[];
  of?: string;
  /** Parameters of the watch. */
  watch: { namespace: string; labelSelector?: string; fieldSelector?: string };
  /** True if the selection is one pod, given by its name. */
  named: boolean;
  /** Returns the containers of a pod whose logs are read; empty if the pod is not selected. */
  wanted(pod: V1Pod): LogContainer[];
}

/** Finds the pods. Throws ScopeError: usage, notFound if there is no pod or none has the container, denied, unreachable. */
export async function selectLogs(context: ClusterContext, request: LogRequest): Promise<LogSelection> {
  const namespace = namespaceOf(context), { query, all } = request, { container } = query;
  const selection: Selection = all
    ? { pods: await allPods(context.cluster, namespace), of: `namespace "${namespace}"` }
    : await selectPods(context.cluster, namespace, query, { empty: request.follow });
  const { pods, of, labels } = selection, named = !all && labels === undefined;
  const wanted = (pod: V1Pod) => {
    if (!named && isDebugPod(pod) || selection.wanted?.(pod) === false) return [];
    if (container !== undefined) return logContainers(pod).filter(({ name }) => name === container);
    const ownContainers = new Set(scopeContainers(pod).map(({ spec }) => spec.name));
    return logContainers(pod).filter(({ name }) => !ownContainers.has(name));
  };
  const found = pods.filter((pod) => wanted(pod).length > 0);
  // A workload without pods: pods that appear later are followed.
  const waits = pods.length === 0 && labels !== undefined;
  if (found.length === 0 && !waits) throw nothingFound(namespace, pods, container);
  const byName = (a: V1Pod, b: V1Pod) => (a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1;
  return {
    namespace,
    pods: found.toSorted(byName),
    ...defined({ of }),
    watch: {
      namespace,
      ...defined({ labelSelector: labels }),
      ...(named ? { fieldSelector: `metadata.name=${pods[0]?.metadata?.name}` } : {}),
    },
    named,
    wanted,
  };
}

function nothingFound(namespace: string, pods: readonly V1Pod[], container: string | undefined): ScopeError {
  const others = [...new Set(pods.flatMap((pod) => logContainers(pod).map(({ name }) => name)))];
  if (container === undefined || others.length === 0) {
    return new ScopeError("notFound", `Cannot find a pod in namespace "${namespace}"`, {
      hint: "check --namespace and --context",
    });
  }
  const where = pods.length === 1 ? `pod "${podName(pods[0]!)}"` : `any of the ${pods.length} pods`;
  return new ScopeError("notFound", `Cannot find container "${container}" in ${where}`, {
    hint: `${pods.length === 1 ? "it has" : "they have"} ${others.join(", ")}`,
  });
}
