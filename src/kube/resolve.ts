import type { V1Pod, V1PodList } from "@kubernetes/client-node";
import { ScopeError } from "../errors.ts";
import type { PodReference, TargetQuery } from "../target.ts";
import { kindNames, parsePodReference, typedKinds } from "../target.ts";
import type { Cluster } from "./cluster.ts";
import { statusOf } from "./cluster.ts";
import { isFinished, isReady, isTerminating } from "./pods.ts";
import { podPath } from "./rest.ts";
import { findWorkload, optional, type Workload } from "./workloads.ts";

/**
 * Chooses the pod for a command on one pod: by name, the first that is Ready and not terminating, or else the first that is
 * neither terminating nor finished; or else the newest.
 */
export function choosePod(pods: readonly V1Pod[]): V1Pod | undefined {
  const byName = pods.toSorted((a, b) => (a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1);
  const made = ({ metadata }: V1Pod) => new Date(metadata?.creationTimestamp ?? 0).getTime();
  return byName.find(isReady) ?? byName.find((pod) => !isTerminating(pod) && !isFinished(pod)) ??
    byName.toSorted((a, b) => made(b) - made(a))[0];
}

/**
 * Pods that match `-p` and `-l` in a namespace, with the workload or selector unless a pod was named. More pods with these
 * labels may appear later.
 */
export type Selection = { pods: V1Pod[] } & Partial<Workload>;

export interface SelectOptions {
  /** Accepts a workload without pods. A selector without pods is always an error, as its labels are likely wrong. */
  empty?: boolean;
}

/**
 * Finds the pods of a reference or selector.
 *
 * Throws ScopeError: usage when no pod specified, notFound when there is none, denied and unreachable as the API
 * server answers.
 */
export async function selectPods(
  cluster: Cluster,
  namespace: string,
  query: TargetQuery,
  options: SelectOptions = {},
): Promise<Selection> {
  if (query.pod !== undefined && query.selector !== undefined) {
    throw new ScopeError("usage", "Options --pod and --selector exclude each other", { hint: "give one of them" });
  }
  if (query.selector !== undefined) {
    const { selector } = query;
    return await podsOf(cluster, namespace, { of: `labels "${selector}"`, labels: selector });
  }
  if (query.pod === undefined) {
    throw new ScopeError("usage", "No pod specified", {
      hint: "give -p POD, -p TYPE/NAME or -l LABELS before the command, or set SCOPE_POD",
    });
  }
  const reference = parsePodReference(query.pod);
  if (reference === undefined) {
    throw new ScopeError("usage", `Option --pod cannot be "${query.pod}"`, {
      hint: `it is NAME or TYPE/NAME, where TYPE is ${typedKinds}`,
    });
  }
  return await byReference(cluster, namespace, reference, options);
}

async function byReference(
  cluster: Cluster,
  namespace: string,
  { kind, name }: PodReference,
  options: SelectOptions,
): Promise<Selection> {
  if (kind !== undefined && kind !== "pod") {
    const workload = await findWorkload(cluster, namespace, kind, name);
    if (workload !== undefined) return await podsOf(cluster, namespace, workload, options);
    throw new ScopeError("notFound", `Cannot find ${kind} "${name}" in namespace "${namespace}"`, {
      hint: `kubectl get ${kindNames[kind].names[0]} -n ${namespace} lists what is there`,
    });
  }
  const pod = await optional<V1Pod>(cluster, `get pod "${name}" in namespace "${namespace}"`, podPath(namespace, name));
  if (pod !== undefined) return { pods: [pod] };
  const missing = await missingPod(cluster, namespace, name);
  if (kind === "pod") throw missing;
  const workloads = (["deployment", "statefulset", "daemonset"] as const).map(async (kind) => ({
    kind,
    workload: await findWorkload(cluster, namespace, kind, name).catch(unlessUnreachable),
  }));
  const found = (await Promise.all(workloads)).filter(({ workload }) => workload !== undefined);
  if (found.length > 1) {
    throw new ScopeError("usage", `There are several workloads named "${name}" in namespace "${namespace}"`, {
      hint: `give one of ${found.map(({ kind }) => `-p ${kind}/${name}`).join(", ")}`,
    });
  }
  const workload = found[0]?.workload;
  if (workload === undefined) throw missing;
  return await podsOf(cluster, namespace, workload, options);
}

/** Ignores denied and notFound: the name then means a pod. Rethrows other errors, as with an API server that fails. */
function unlessUnreachable(error: unknown): undefined {
  if (error instanceof ScopeError && (error.kind === "denied" || error.kind === "notFound")) return undefined;
  throw error;
}

/** Returns the error for a missing pod. Throws when its namespace is missing. */
async function missingPod(cluster: Cluster, namespace: string, name: string): Promise<ScopeError> {
  await assertNamespace(cluster, namespace);
  return new ScopeError("notFound", `Cannot find pod "${name}" in namespace "${namespace}"`, {
    hint: `kubectl get pods -n ${namespace} lists what is there`,
  });
}

async function podsOf(
  cluster: Cluster,
  namespace: string,
  workload: Workload,
  { empty = false }: SelectOptions = {},
): Promise<Selection> {
  const { of, labels, wanted = () => true } = workload;
  const pods = (await listPods(cluster, namespace, labels)).filter(wanted);
  if (pods.length > 0 || empty) return { pods, ...workload };
  const which = of.startsWith("labels ") ? `with the ${of}` : `of ${of}`;
  throw new ScopeError("notFound", `Cannot find a pod ${which} in namespace "${namespace}"`, {
    hint: `kubectl get pods -n ${namespace} --show-labels lists what is there`,
  });
}

/** Lists the pods of a namespace, all or those with these labels. Throws ScopeError. */
export async function listPods(cluster: Cluster, namespace: string, labelSelector?: string): Promise<V1Pod[]> {
  const list = { method: "GET", path: podPath(namespace), query: { labelSelector } } as const;
  return (await cluster.request<V1PodList>(`list pods in namespace "${namespace}"`, list)).items;
}

/** Lists the pods of all namespaces, all or those with these labels. Throws ScopeError. */
export async function listAllPods(cluster: Cluster, labelSelector?: string): Promise<V1Pod[]> {
  const list = { method: "GET", path: "/api/v1/pods", query: { labelSelector } } as const;
  return (await cluster.request<V1PodList>("list pods in all namespaces", list)).items;
}

/** Lists all pods of a namespace. Throws ScopeError, notFound when there is no such namespace. */
export async function allPods(cluster: Cluster, namespace: string): Promise<V1Pod[]> {
  const items = await listPods(cluster, namespace);
  if (items.length === 0) await assertNamespace(cluster, namespace);
  return items;
}

/** Throws ScopeError notFound when there is no such namespace. Ignores all other failures of the request. */
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
