import type { NetworkProbe } from "./redirect.ts";
import type { StorageLimits } from "./storage.ts";

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

/** What the user said about the target. */
export interface TargetQuery {
  /** NAME or TYPE/NAME. */
  pod?: string;
  selector?: string;
  container?: string;
  /** Default: that of the options. */
  namespace?: string;
}

export type WorkloadKind = "pod" | "deployment" | "statefulset" | "daemonset" | "service";

/** NAME or TYPE/NAME, read. Without a type, a pod or else a workload of that name is meant. */
export interface PodReference {
  kind?: WorkloadKind;
  name: string;
}

const kinds: Readonly<Record<WorkloadKind, readonly string[]>> = {
  pod: ["po", "pod", "pods"],
  deployment: ["deploy", "deployment", "deployments"],
  statefulset: ["sts", "statefulset", "statefulsets"],
  daemonset: ["ds", "daemonset", "daemonsets"],
  service: ["svc", "service", "services"],
};

/** Reads NAME or TYPE/NAME with kubectl's names of types; nothing when the type is unknown or a part is empty. */
export function parsePodReference(text: string): PodReference | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return text === "" ? undefined : { name: text };
  const type = text.slice(0, slash).toLowerCase().replace(/\.(apps|v1)(\..*)?$/, ""), name = text.slice(slash + 1);
  const kind = (Object.keys(kinds) as WorkloadKind[]).find((kind) => kinds[kind].includes(type));
  return kind === undefined || name === "" || name.includes("/") ? undefined : { kind, name };
}

/** As people write it: `namespace/pod:container`. */
export function targetName({ namespace, pod, container }: Target): string {
  return `${namespace}/${pod}:${container.name}`;
}
