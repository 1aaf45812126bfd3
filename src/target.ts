/** A target, `namespace/pod:container`, with the facts that a manager next to it uses. */
export interface Target {
  namespace: string;
  pod: string;
  /** metadata.uid */
  uid: string;
  node: string;
  /** All addresses of the pod, the primary one first. */
  ips: string[];
  hostNetwork: boolean;
  /** The chosen container, and all running ones. */
  container: ContainerRef;
  containers: ContainerRef[];
  /** Network probes of the pod's spec, and the addresses of its node, from which the kubelet sends them. */
  probes?: NetworkProbe[];
  nodeAddresses?: string[];
  /** Limits by which the kubelet evicts the pod; undefined if the pod's spec is unknown. */
  storage?: StorageLimits;
}

export interface ContainerRef {
  name: string;
  /** Container id without the runtime's prefix; empty while the container does not run. */
  id: string;
}

/** Limits of a pod's local storage; the kubelet evicts the pod beyond them. Quantities as in its spec. */
export interface StorageLimits {
  /** Limits of the emptyDir volumes that are on disk and have a `sizeLimit`, by volume name. */
  emptyDirs: Readonly<Record<string, StorageLimit>>;
  /** Limit of the container's own file system. */
  container?: StorageLimit;
  /** Limit of the pod's containers and emptyDir volumes together. */
  pod?: StorageLimit;
}

export interface StorageLimit {
  bytes: number;
  text: string;
}

/** A network probe in a pod's spec. */
export interface NetworkProbe {
  kind: "http" | "https" | "tcp" | "grpc";
  port: number;
}

/** Target as given by the user. */
export interface TargetQuery {
  /** NAME or TYPE/NAME. */
  pod?: string;
  selector?: string;
  container?: string;
  /** Defaults to the namespace of the options. */
  namespace?: string;
}

/** Names accepted as TYPE in TYPE/NAME, as in kubectl: for each kind its API group and its names, the plural first. */
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

/** The kinds in a message: `pod, deployment, … or service`. */
export const typedKinds = `${kinds.slice(0, -1).join(", ")} or ${kinds.at(-1)}`;

/** NAME or TYPE/NAME, parsed. Without a type, it names a pod, or else a workload. */
export interface PodReference {
  kind?: WorkloadKind;
  name: string;
}

/** Parses NAME or TYPE/NAME with kubectl's type names. Returns undefined if the type is unknown or a part is empty. */
export function parsePodReference(text: string): PodReference | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return text === "" ? undefined : { name: text };
  const name = text.slice(slash + 1);
  // Version and group are optional: `jobs`, `jobs.batch`, `jobs.v1.batch`, `pods.v1.`.
  const [, type = "", version, group] =
    /^([a-z]+)(?:\.(v\d\w*))?(?:\.([a-z]*))?$/.exec(text.slice(0, slash).toLowerCase()) ?? [];
  const kind = kinds.find((kind) => (kindNames[kind].names as readonly string[]).includes(type));
  if (kind === undefined || name === "" || name.includes("/")) return undefined;
  const ofGroup = group === undefined
    ? version === undefined || kindNames[kind].group === ""
    : kindNames[kind].group === group;
  return ofGroup ? { kind, name } : undefined;
}

/** Returns `namespace/pod:container`. */
export function targetName({ namespace, pod, container }: Target): string {
  return `${namespace}/${pod}:${container.name}`;
}

/** A ping destination. A plain host has no `pod`, `namespace` or `node`. */
export interface Destination {
  /** An IPv4 or IPv6 address, or the name of a host given by name. */
  address: string;
  pod?: string;
  namespace?: string;
  node?: string;
  /** The pod uses its node's network, so its address is the node's. */
  hostNetwork?: boolean;
  /** Set if it is pinged by TCP connections instead of ICMP. */
  protocol?: "tcp";
  /** The TCP port to connect to; in events only together with `protocol`. */
  port?: number;
}

/** Returns `namespace/pod` of a pod, else the address. */
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
