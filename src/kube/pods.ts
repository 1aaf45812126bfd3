import type { V1Pod } from "@kubernetes/client-node";
import { defined } from "../lib/defined.ts";
import { ScopeError } from "../errors.ts";
import type { Destination } from "../target.ts";
import type { NetworkProbe, Target } from "../target.ts";
import { storageLimits } from "./storage.ts";
import { chooseContainer, reachableContainers } from "./target_container.ts";

/** Returns true when a pod is Ready and not being deleted. */
export function isReady(pod: V1Pod): boolean {
  return !isTerminating(pod) &&
    (pod.status?.conditions ?? []).some(({ type, status }) => type === "Ready" && status === "True");
}

export function isTerminating(pod: V1Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined;
}

/** Returns true when a pod has Succeeded or Failed: its containers do not run, and its IP is free for other pods. */
export function isFinished(pod: V1Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

export function podIps(pod: V1Pod): string[] {
  const ips = (pod.status?.podIPs ?? []).flatMap(({ ip }) => ip ?? []);
  return ips.length > 0 ? ips : pod.status?.podIP === undefined ? [] : [pod.status.podIP];
}

/** Names a pod for messages: `namespace/name`. */
export function podName(pod: V1Pod): string {
  return `${pod.metadata?.namespace}/${pod.metadata?.name}`;
}

/** Returns the status of a pod in the words of `kubectl get pods`: why it does not run, or else its phase. */
export function podStatus(pod: V1Pod): string {
  if (isTerminating(pod)) return "Terminating";
  const init = isFinished(pod) ? undefined : initStatus(pod);
  if (init !== undefined) return init;
  const waiting = (pod.status?.containerStatuses ?? []).flatMap(({ state }) => state?.waiting?.reason ?? [])[0];
  return waiting ?? pod.status?.reason ?? pod.status?.phase ?? "Unknown";
}

/** Returns `Init:1/2` or `Init:CrashLoopBackOff` for the first init container that is not done and blocks the others. */
function initStatus({ spec, status }: V1Pod): string | undefined {
  const { initContainers = [] } = spec ?? {}, statuses = status?.initContainerStatuses ?? [];
  for (const [index, { name, restartPolicy }] of initContainers.entries()) {
    const { state = {}, started } = statuses.find((one) => one.name === name) ?? {};
    if (state.terminated?.exitCode === 0 || (restartPolicy === "Always" && started)) continue;
    if (statuses.length === 0) return undefined;
    const reason = state.terminated?.reason ?? state.waiting?.reason;
    return `Init:${
      reason === undefined || reason === "PodInitializing" ? `${index}/${initContainers.length}` : reason
    }`;
  }
  return undefined;
}

/**
 * Returns a pod as a target. `container` is one of its containers; by default kubectl's default container, or the init
 * container that this one waits for.
 *
 * Throws ScopeError: unreachable when the pod does not run or runs Windows, notFound when it has no such container.
 */
export function toTarget(pod: V1Pod, container?: string): Target {
  const name = podName(pod), node = pod.spec?.nodeName;
  if (runsWindows(pod)) {
    throw new ScopeError("unreachable", `Pod "${name}" runs Windows, which scope does not support`, {
      hint: "choose a pod that runs Linux",
    });
  }
  if (isFinished(pod)) {
    throw new ScopeError("unreachable", `Pod "${name}" has finished (${podStatus(pod)})`, {
      hint: "choose a pod that runs",
    });
  }
  if (node === undefined || podIps(pod).length === 0) {
    const reason = (pod.status?.conditions ?? []).find(({ type, status }) =>
      type === "PodScheduled" && status === "False"
    );
    throw new ScopeError("unreachable", `Pod "${name}" has no address yet (${podStatus(pod)})`, {
      hint: reason?.message ?? "wait until it runs, or see kubectl describe pod",
    });
  }
  const chosen = chooseContainer(pod, name, container);
  return {
    namespace: pod.metadata?.namespace ?? "",
    pod: pod.metadata?.name ?? "",
    uid: cgroupUid(pod),
    node,
    ips: podIps(pod),
    hostNetwork: pod.spec?.hostNetwork === true,
    container: chosen,
    containers: reachableContainers(pod),
    probes: networkProbes(pod),
    nodeAddresses: (pod.status?.hostIPs ?? []).flatMap(({ ip }) => ip ?? []),
    storage: storageLimits(pod, chosen.name),
  };
}

/** Returns true for a Windows pod, by its field `os` or, in older manifests, its node selector. */
function runsWindows({ spec }: V1Pod): boolean {
  return spec?.os?.name === "windows" || spec?.nodeSelector?.["kubernetes.io/os"] === "windows";
}

/** Returns the probes of a pod that the kubelet makes over the pod's network, each port and kind once. */
export function networkProbes(pod: V1Pod): NetworkProbe[] {
  const containers = [...pod.spec?.containers ?? [], ...pod.spec?.initContainers ?? []];
  const found = containers.flatMap(({ ports = [], livenessProbe, readinessProbe, startupProbe }) => {
    const portOf = (port: string | number | undefined) =>
      typeof port === "string" ? ports.find(({ name }) => name === port)?.containerPort ?? Number(port) : port;
    return [livenessProbe, readinessProbe, startupProbe].flatMap((probe): NetworkProbe[] => {
      const kind = probe?.httpGet !== undefined
        ? probe.httpGet.scheme === "HTTPS" ? "https" : "http"
        : probe?.tcpSocket !== undefined
        ? "tcp"
        : "grpc";
      // A probe with its own host does not go to the pod.
      const host = probe?.httpGet?.host ?? probe?.tcpSocket?.host;
      const port = portOf(probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port);
      return port === undefined || Number.isNaN(port) || host ? [] : [{ kind, port }];
    });
  });
  return [...new Map(found.map((probe) => [`${probe.kind} ${probe.port}`, probe])).values()];
}

export type Family = 4 | 6;

/** Returns the pod's primary address as a ping destination, or its addresses of these families; a reason when there is none. */
export function toDestinations(pod: V1Pod, families: readonly Family[] = []): Destination[] | string {
  if (isFinished(pod)) return `has finished (${podStatus(pod)})`;
  if (podIps(pod).length === 0) return `has no address yet (${podStatus(pod)})`;
  if (isTerminating(pod)) return "is being deleted";
  const ips = families.length === 0
    ? podIps(pod).slice(0, 1)
    : podIps(pod).filter((ip) => families.includes(familyOf(ip)));
  if (ips.length === 0) return `has no IPv${families.join(" or IPv")} address`;
  const port = tcpPort(pod);
  return ips.map((address) => ({
    address,
    pod: pod.metadata?.name ?? "",
    namespace: pod.metadata?.namespace ?? "",
    ...defined({ node: pod.spec?.nodeName }),
    ...(pod.spec?.hostNetwork === true ? { hostNetwork: true } : {}),
    ...defined({ port }),
  }));
}

/** Returns the first TCP port in the pod's spec. */
function tcpPort(pod: V1Pod): number | undefined {
  const ports = (pod.spec?.containers ?? []).flatMap(({ ports }) => ports ?? []);
  return ports.find(({ protocol = "TCP" }) => protocol === "TCP")?.containerPort;
}

function familyOf(ip: string): Family {
  return ip.includes(":") ? 6 : 4;
}

/** Returns the uid used in cgroup paths: for a static pod, the kubelet's hash of its file, not the mirror pod's uid. */
function cgroupUid(pod: V1Pod): string {
  return pod.metadata?.annotations?.["kubernetes.io/config.hash"] ?? pod.metadata?.uid ?? "";
}
