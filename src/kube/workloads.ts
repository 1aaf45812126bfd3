import type { V1Job, V1JobList, V1LabelSelector, V1ObjectMeta, V1Pod, V1ServicePort } from "@kubernetes/client-node";
import { ScopeError } from "../errors.ts";
import type { WorkloadKind } from "../target.ts";
import type { Cluster } from "./cluster.ts";
import { statusOf } from "./cluster.ts";
import { workloadPath } from "./workload_path.ts";

/** Selector of the pods of a workload, including pods created later. */
export interface Workload {
  /** For example `deployment "web"`. */
  of: string;
  labels: string;
  /** Filters the pods with these labels; missing: all of them. */
  wanted?: (pod: V1Pod) => boolean;
  /** Ports of a service. */
  ports?: readonly V1ServicePort[];
}

/** Finds a workload; undefined when there is none of that name. Throws ScopeError, notFound when it selects no pods. */
export async function findWorkload(
  cluster: Cluster,
  namespace: string,
  kind: Exclude<WorkloadKind, "pod">,
  name: string,
): Promise<Workload | undefined> {
  const what = `get ${kind} "${name}" in namespace "${namespace}"`;
  const found = await optional<{ metadata?: V1ObjectMeta; spec?: Spec }>(
    cluster,
    what,
    workloadPath(kind, namespace, name),
  );
  if (found === undefined) return undefined;
  const of = `${kind} "${name}"`;
  if (kind === "cronjob") return { of, ...await jobsOf(cluster, namespace, name, found.metadata?.uid) };
  const { selector, ports = [], clusterIP } = found.spec ?? {};
  // Clients of a headless service connect to its pods directly, at the service's port.
  const podPorts = clusterIP === "None" ? ports.map(({ targetPort: _, ...port }) => port) : ports;
  // The selector of a service or a replication controller is a plain map of labels.
  const hasPlainSelector = kind === "service" || kind === "replicationcontroller";
  const labels = selectorText(
    hasPlainSelector ? { matchLabels: selector as Record<string, string> ?? {} } : selector as V1LabelSelector ?? {},
  );
  if (labels !== "") return { of, labels, ...kind === "service" ? { ports: podPorts } : {} };
  throw new ScopeError(
    "notFound",
    `${kind[0]!.toUpperCase()}${of.slice(1)} in namespace "${namespace}" selects no pods`,
    {
      hint: "give a pod or another workload with -p",
    },
  );
}

interface Spec {
  selector?: unknown;
  ports?: V1ServicePort[];
  clusterIP?: string;
}

/** Label that every pod of a job has. */
const jobLabel = "job-name";

/**
 * Returns the selector for the pods of all jobs of a cron job, which have no label in common. Existing jobs are matched by
 * their owner, future jobs by the name that the controller gives them, with the minute of their schedule.
 */
async function jobsOf(cluster: Cluster, namespace: string, name: string, uid = ""): Promise<Omit<Workload, "of">> {
  const list = { method: "GET", path: workloadPath("job", namespace) } as const;
  const { items } = await cluster.request<V1JobList>(`list jobs in namespace "${namespace}"`, list);
  const owned = (job: V1Job) => (job.metadata?.ownerReferences ?? []).some((owner) => owner.uid === uid);
  const names = new Set(items.filter(owned).map(({ metadata }) => metadata?.name));
  const others = new Set(items.filter((job) => !owned(job)).map(({ metadata }) => metadata?.name));
  return {
    labels: jobLabel,
    wanted: ({ metadata }) => {
      const job = metadata?.labels?.[jobLabel] ?? "";
      if (names.has(job) || others.has(job)) return names.has(job);
      return job.startsWith(`${name}-`) && /^\d{8,}$/.test(job.slice(name.length + 1));
    },
  };
}

/** Formats a label selector for the API. See the Kubernetes documentation on labels and selectors. */
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

/** Gets an object; returns undefined when it does not exist. */
export async function optional<T>(cluster: Cluster, what: string, path: string): Promise<T | undefined> {
  try {
    return await cluster.request<T>(what, { method: "GET", path });
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}
