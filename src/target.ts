/** Whom: `namespace/pod:container`, as far as a manager beside it must know. */
export interface Target {
  namespace: string;
  pod: string;
  /** metadata.uid */
  uid: string;
  node: string;
  /** All addresses of the pod, the primary one first. */
  ips: string[];
  hostNetwork: boolean;
  /** The container that is meant, and all that run. */
  container: ContainerRef;
  containers: ContainerRef[];
  /** Those of its spec that come over the network, and the addresses of its node, from which they come. */
  probes?: NetworkProbe[];
  nodeAddresses?: string[];
  /** By which the kubelet evicts it; missing where its spec is not known. */
  storage?: StorageLimits;
}

export interface ContainerRef {
  name: string;
  /** Without the runtime's prefix; empty while it does not run. */
  id: string;
}

/** The limits of a pod's files on the disk of its node, beyond which the kubelet evicts it. Quantities as in its spec. */
export interface StorageLimits {
  /** Of the emptyDir volumes that are on disk and have a `sizeLimit`, by their names. */
  emptyDirs: Readonly<Record<string, StorageLimit>>;
  /** Of the container's own file system. */
  container?: StorageLimit;
  /** Of its containers and emptyDir volumes together. */
  pod?: StorageLimit;
}

export interface StorageLimit {
  bytes: number;
  text: string;
}

/** A probe of a pod's spec that comes over the network. */
export interface NetworkProbe {
  kind: "http" | "https" | "tcp" | "grpc";
  port: number;
}

/** What the user said about the target. */
export interface TargetQuery {
  /** NAME or TYPE/NAME. */
  pod?: string;
  selector?: string;
  container?: string;
  /** Default: that of the options. */
  namespace?: string;
}

/** The names that TYPE/NAME takes as TYPE, as kubectl does: those of each kind, its plural first, and its API group. */
export const kindNames = {
  pod: { group: "", names: ["pods", "pod", "po"] },
  deployment: { group: "apps", names: ["deployments", "deployment", "deploy"] },
  replicaset: { group: "apps", names: ["replicasets", "replicaset", "rs"] },
  statefulset: { group: "apps", names: ["statefulsets", "statefulset", "sts"] },
  daemonset: { group: "apps", names: ["daemonsets", "daemonset", "ds"] },
  job: { group: "batch", names: ["jobs", "job"] },
  cronjob: { group: "batch", names: ["cronjobs", "cronjob", "cj"] },
  replicationcontroller: { group: "", names: ["replicationcontrollers", "replicationcontroller", "rc"] },
  service: { group: "", names: ["services", "service", "svc"] },
} as const satisfies Record<string, { group: string; names: readonly string[] }>;

export type WorkloadKind = keyof typeof kindNames;

const kinds = Object.keys(kindNames) as WorkloadKind[];

/** For messages: `pod, deployment, … or service`. */
export const typedKinds = `${kinds.slice(0, -1).join(", ")} or ${kinds.at(-1)}`;

/** NAME or TYPE/NAME, read. Without a type, a pod or else a workload of that name is meant. */
export interface PodReference {
  kind?: WorkloadKind;
  name: string;
}

/** Reads NAME or TYPE/NAME with kubectl's names of types; nothing when the type is unknown or a part is empty. */
export function parsePodReference(text: string): PodReference | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return text === "" ? undefined : { name: text };
  const name = text.slice(slash + 1);
  // With a version and a group or without: `jobs`, `jobs.batch`, `jobs.v1.batch`, `pods.v1.`.
  const [, type = "", version, group] =
    /^([a-z]+)(?:\.(v\d\w*))?(?:\.([a-z]*))?$/.exec(text.slice(0, slash).toLowerCase()) ?? [];
  const kind = kinds.find((kind) => (kindNames[kind].names as readonly string[]).includes(type));
  if (kind === undefined || name === "" || name.includes("/")) return undefined;
  const ofGroup = group === undefined
    ? version === undefined || kindNames[kind].group === ""
    : kindNames[kind].group === group;
  return ofGroup ? { kind, name } : undefined;
}

/** As people write it: `namespace/pod:container`. */
export function targetName({ namespace, pod, container }: Target): string {
  return `${namespace}/${pod}:${container.name}`;
}

/** Something that is pinged. `pod`, `namespace` and `node` are missing for a plain host. */
export interface Destination {
  /** An IPv4 or IPv6 address; for a host given by name, that name. */
  address: string;
  pod?: string;
  namespace?: string;
  node?: string;
  /** The pod uses its node's network, so its address is the node's. */
  hostNetwork?: boolean;
  /** Set when it is pinged by TCP connections rather than by ICMP. */
  protocol?: "tcp";
  /** The TCP port to connect to; in events only together with `protocol`. */
  port?: number;
}

/** `namespace/pod` where there is one, else the address. */
export function destinationName(of: Destination): string {
  return of.pod === undefined ? of.address : `${of.namespace}/${of.pod}`;
}

/** Selection of the pods and hosts that packets go to. */
export interface DestinationQuery {
  /** Pods by NAME or TYPE/NAME. */
  pods: readonly string[];
  /** All pods of the namespace. */
  all: boolean;
  /** Default: that of the options. */
  namespace?: string;
  hosts: readonly string[];
  /** Addresses of these families only; none: each pod's primary address. */
  families: readonly (4 | 6)[];
}
