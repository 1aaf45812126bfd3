import type { V1LabelSelector, V1Pod, V1PodList, V1Service } from "@kubernetes/client-node";
import { ScopeError } from "../errors.ts";
import type { PodReference, TargetQuery, WorkloadKind } from "../target.ts";
import { parsePodReference } from "../target.ts";
import type { Cluster } from "./cluster.ts";
import { statusOf } from "./cluster.ts";
import { isFinished, isReady, isTerminating } from "./pods.ts";
import { podPath } from "./rest.ts";

/** A label selector as the API takes it. See the Kubernetes documentation on labels and selectors. */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: V1LabelSelector): string {
  const words: Record<string, (key: string, values: string) => string> = {
    In: (key, values) => `${key} in (${values})`,
    NotIn: (key, values) => `${key} notin (${values})`,
    Exists: (key) => key,
    DoesNotExist: (key) => `!${key}`,
  };
  return [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(({ key, operator, values = [] }) => words[operator]?.(key, values.join(",")) ?? key),
  ].join(",");
}

/**
 * The pod that a command on one pod takes: the first Ready one that is not terminating, by name; where none is, the first
 * that is neither terminating nor finished, and then any.
 */
export function choosePod(pods: readonly V1Pod[]): V1Pod | undefined {
  const byName = pods.toSorted((a, b) => (a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1);
  return byName.find(isReady) ?? byName.find((pod) => !isTerminating(pod) && !isFinished(pod)) ?? byName[0];
}

/** What `-p` and `-l` mean in a namespace: the pods, and what they were found by when it is no pod's name. */
export interface Selection {
  pods: V1Pod[];
  /** For example `deployment "web"`. */
  of?: string;
  /** The labels that they were found by: others with these may come. */
  labels?: string;
}

/**
 * Finds the pods of a reference or selector.
 *
 * Throws ScopeError: usage when nothing says which pod, notFound when there is none, denied and unreachable as the API
 * server answers.
 */
export async function selectPods(cluster: Cluster, namespace: string, query: TargetQuery): Promise<Selection> {
  if (query.pod !== undefined && query.selector !== undefined) {
    throw new ScopeError("usage", "Options --pod and --selector exclude each other", { hint: "give one of them" });
  }
  if (query.selector !== undefined) {
    const { selector } = query;
    return { pods: await byLabels(cluster, namespace, selector), of: `labels "${selector}"`, labels: selector };
  }
  if (query.pod === undefined) {
    throw new ScopeError("usage", "Nothing says which pod", {
      hint: "give -p POD, -p TYPE/NAME or -l LABELS before the command, or set SCOPE_POD",
    });
  }
  const reference = parsePodReference(query.pod);
  if (reference === undefined) {
    throw new ScopeError("usage", `Option --pod cannot be "${query.pod}"`, {
      hint: "it is NAME or TYPE/NAME, where TYPE is pod, deployment, statefulset, daemonset or service",
    });
  }
  return await byReference(cluster, namespace, reference);
}

async function byReference(cluster: Cluster, namespace: string, { kind, name }: PodReference): Promise<Selection> {
  if (kind !== undefined && kind !== "pod") {
    return await ofWorkload(cluster, namespace, kind, name);
  }
  const pod = await optional<V1Pod>(cluster, `get pod "${name}" in namespace "${namespace}"`, podPath(namespace, name));
  if (pod !== undefined) return { pods: [pod] };
  const missing = await missingPod(cluster, namespace, name);
  if (kind === "pod") throw missing;
  const workloads = (["deployment", "statefulset", "daemonset"] as const).map(async (kind) => ({
    kind,
    selector: await workloadSelector(cluster, namespace, kind, name).catch(() => undefined),
  }));
  const found = (await Promise.all(workloads)).filter(({ selector }) => selector !== undefined);
  if (found.length > 1) {
    throw new ScopeError("usage", `There are several workloads named "${name}" in namespace "${namespace}"`, {
      hint: `give one of ${found.map(({ kind }) => `-p ${kind}/${name}`).join(", ")}`,
    });
  }
  const [workload] = found;
  if (workload?.selector === undefined) throw missing;
  const of = `${workload.kind} "${name}"`, labels = workload.selector;
  return { pods: await byLabels(cluster, namespace, labels, of), of, labels };
}

/** The error for a pod that is missing, unless it is its namespace that is. */
async function missingPod(cluster: Cluster, namespace: string, name: string): Promise<ScopeError> {
  await assertNamespace(cluster, namespace);
  return new ScopeError("notFound", `Cannot find pod "${name}" in namespace "${namespace}"`, {
    hint: `kubectl get pods -n ${namespace} lists what is there`,
  });
}

async function ofWorkload(cluster: Cluster, namespace: string, kind: WorkloadKind, name: string): Promise<Selection> {
  const selector = await workloadSelector(cluster, namespace, kind, name);
  if (selector === undefined) {
    throw new ScopeError("notFound", `Cannot find ${kind} "${name}" in namespace "${namespace}"`, {
      hint: `kubectl get ${resources[kind][1]} -n ${namespace} lists what is there`,
    });
  }
  const of = `${kind} "${name}"`;
  return { pods: await byLabels(cluster, namespace, selector, of), of, labels: selector };
}

/** Resource of each kind, below its namespace. */
const resources: Readonly<Record<WorkloadKind, [prefix: string, plural: string]>> = {
  pod: ["/api/v1", "pods"],
  service: ["/api/v1", "services"],
  deployment: ["/apis/apps/v1", "deployments"],
  statefulset: ["/apis/apps/v1", "statefulsets"],
  daemonset: ["/apis/apps/v1", "daemonsets"],
};

async function workloadSelector(
  cluster: Cluster,
  namespace: string,
  kind: WorkloadKind,
  name: string,
): Promise<string | undefined> {
  const [prefix, plural] = resources[kind];
  const path = `${prefix}/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}`;
  const what = `get ${kind} "${name}" in namespace "${namespace}"`;
  if (kind === "service") {
    const service = await optional<V1Service>(cluster, what, path);
    const matchLabels = service?.spec?.selector;
    if (service !== undefined && (matchLabels === undefined || Object.keys(matchLabels).length === 0)) {
      throw new ScopeError("notFound", `Service "${name}" in namespace "${namespace}" selects no pods`, {
        hint: "give a pod or another workload with -p",
      });
    }
    return matchLabels === undefined ? undefined : selectorText({ matchLabels });
  }
  const workload = await optional<{ spec?: { selector?: V1LabelSelector } }>(cluster, what, path);
  return workload?.spec?.selector === undefined ? undefined : selectorText(workload.spec.selector);
}

async function byLabels(cluster: Cluster, namespace: string, labelSelector: string, of?: string): Promise<V1Pod[]> {
  const items = await listPods(cluster, namespace, labelSelector);
  if (items.length > 0) return items;
  throw new ScopeError(
    "notFound",
    `Cannot find a pod ${
      of === undefined ? `with the labels "${labelSelector}"` : `of ${of}`
    } in namespace "${namespace}"`,
    {
      hint: `kubectl get pods -n ${namespace} --show-labels lists what is there`,
    },
  );
}

/** The pods of a namespace, or those of them with these labels. Throws ScopeError. */
export async function listPods(cluster: Cluster, namespace: string, labelSelector?: string): Promise<V1Pod[]> {
  const list = { method: "GET", path: podPath(namespace), query: { labelSelector } } as const;
  return (await cluster.request<V1PodList>(`list pods in namespace "${namespace}"`, list)).items;
}

/** The pods of all namespaces, or those of them with these labels. Throws ScopeError. */
export async function listAllPods(cluster: Cluster, labelSelector?: string): Promise<V1Pod[]> {
  const list = { method: "GET", path: "/api/v1/pods", query: { labelSelector } } as const;
  return (await cluster.request<V1PodList>("list pods in all namespaces", list)).items;
}

/** All pods of a namespace. Throws ScopeError notFound when there is no such namespace. */
export async function allPods(cluster: Cluster, namespace: string): Promise<V1Pod[]> {
  const items = await listPods(cluster, namespace);
  if (items.length === 0) await assertNamespace(cluster, namespace);
  return items;
}

/** Throws ScopeError notFound when there is no such namespace. Not being allowed to know is no reason to fail. */
export async function assertNamespace(cluster: Cluster, namespace: string): Promise<void> {
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}`;
    await cluster.request(`get namespace "${namespace}"`, { method: "GET", path });
  } catch (error) {
    if (statusOf(error) !== 404) return;
    throw new ScopeError("notFound", `Cannot find namespace "${namespace}"`, {
      hint: "kubectl get namespaces lists them",
    });
  }
}

/** A thing that may be missing. */
async function optional<T>(cluster: Cluster, what: string, path: string): Promise<T | undefined> {
  try {
    return await cluster.request<T>(what, { method: "GET", path });
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}
