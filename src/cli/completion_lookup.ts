import { defined } from "../lib/defined.ts";
import type { V1ObjectMeta, V1Pod } from "../kube/cluster.ts";
import type { Candidate } from "./completion.ts";
import type { Values } from "../options.ts";
import type { TargetQuery, WorkloadKind } from "../target.ts";
import { parsePodReference } from "../target.ts";
import { isTerminating } from "../kube/pods.ts";
import { podPath } from "../kube/rest.ts";
import { workloadPath } from "../kube/workload_path.ts";

/** A request for the possible values, and the reader of its response. */
export interface Lookup {
  path: string;
  query: Readonly<Record<string, string>>;
  /** A request for names only is much smaller and faster than for whole objects. */
  accept: string;
  read(answer: unknown): Candidate[];
}

export type LookupKind = Exclude<Values, readonly string[] | "context" | "file">;

const namesOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/** Types for `-p TYPE/NAME`, in their short form. */
const types = ["deploy", "sts", "ds", "rs", "job", "cj", "rc", "svc"];

/** Returns the request for the possible values; `typed` is the prefix at the cursor. */
export function lookupOf(kind: LookupKind, typed: string, namespace: string, query: TargetQuery): Lookup {
  if (kind === "namespace" || kind === "node") {
    return { path: `/api/v1/${kind}s`, query: {}, accept: namesOnly, read: (answer) => names(answer) };
  }
  if (kind === "pod" || kind === "running-pod") return podLookup(kind, typed, namespace);
  const read = kind === "port" ? ports : containers;
  return {
    path: podPath(namespace),
    query: defined({ labelSelector: query.selector }),
    accept: "application/json",
    read: (answer) => read(ofTarget((answer as { items: V1Pod[] }).items, query.pod)),
  };
}

function podLookup(kind: "pod" | "running-pod", typed: string, namespace: string): Lookup {
  const slash = typed.indexOf("/"), before = typed.slice(0, slash + 1);
  const workload = slash < 0 ? undefined : parsePodReference(`${before}x`)?.kind ?? "none";
  if (workload !== undefined && workload !== "pod") {
    return {
      path: workload === "none" ? "" : workloadPath(workload, namespace),
      query: {},
      accept: namesOnly,
      read: (answer) => names(answer, before),
    };
  }
  const running = { fieldSelector: "status.phase=Running" };
  return {
    path: podPath(namespace),
    query: kind === "running-pod" ? running : {},
    accept: namesOnly,
    read: (answer) => [
      ...names(answer, before, (metadata) => kind === "pod" || !isTerminating({ metadata })),
      // Only after the first character: names are wanted most often.
      ...(slash < 0 && typed !== "" ? types.map((type) => ({ value: `${type}/` })) : []),
    ],
  };
}

function names(answer: unknown, before = "", wanted: (metadata: V1ObjectMeta) => boolean = () => true): Candidate[] {
  const { items } = answer as { items: { metadata: V1ObjectMeta }[] };
  return items.filter(({ metadata }) => wanted(metadata)).map(({ metadata }) => ({
    value: `${before}${metadata.name ?? ""}`,
  }));
}

/**
 * Returns the pods that `-p` names, guessed from names and owners: certainty costs a second request. Returns all pods without
 * `-p`, and for a service.
 */
export function ofTarget(pods: readonly V1Pod[], pod: string | undefined): V1Pod[] {
  const reference = pod === undefined ? undefined : parsePodReference(pod);
  if (reference === undefined || reference.kind === "service") return [...pods];
  const { kind, name } = reference, exact = pods.filter(({ metadata }) => metadata?.name === name);
  if (kind === "pod" || (kind === undefined && exact.length > 0)) return exact;
  return pods.filter(({ metadata }) => (metadata?.ownerReferences ?? []).some((owner) => isBehind(owner, kind, name)));
}

/**
 * Returns true if a workload of this name owns a pod, directly or through a replica set of a deployment or a job of a cron job.
 */
function isBehind(owner: { kind: string; name: string }, kind: WorkloadKind | undefined, name: string): boolean {
  const owned = owner.kind.toLowerCase(), createdBy = owner.name.replace(/-[a-z0-9]+$/, "");
  if (owned === "replicaset" && (kind === undefined || kind === "deployment")) return createdBy === name;
  if (owned === "job" && kind === "cronjob") return createdBy === name;
  return owner.name === name && (kind === undefined || kind === owned);
}

function containers(pods: readonly V1Pod[]): Candidate[] {
  return unique(
    pods.flatMap(({ spec }) =>
      [...spec?.containers ?? [], ...spec?.initContainers ?? []].map(({ name, image = "" }) => ({
        value: name,
        description: image,
      }))
    ),
  );
}

/** Returns the TCP ports in the pods' specs; other listening ports are only visible from inside the pod. */
function ports(pods: readonly V1Pod[]): Candidate[] {
  return unique(
    pods.flatMap(({ spec }) =>
      (spec?.containers ?? []).flatMap(({ name: container, ports = [] }) =>
        ports.filter(({ protocol = "TCP" }) => protocol === "TCP").flatMap(({ containerPort, name }) => [
          { value: String(containerPort), description: name === undefined ? container : `${name} of ${container}` },
          ...name === undefined ? [] : [{ value: name, description: `${containerPort} of ${container}` }],
        ])
      )
    ),
  );
}

function unique(candidates: readonly Candidate[]): Candidate[] {
  return [...new Map(candidates.map((candidate) => [candidate.value, candidate])).values()];
}
