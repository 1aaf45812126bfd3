import type { V1Container, V1EnvVar, V1Pod, V1PodSpec } from "@kubernetes/client-node";
import { defined } from "../lib/defined.ts";
import { type CreatedBy, createdByAnnotations } from "./created_by.ts";

/** Changes that a copy of a pod may have, beyond those that every copy has. */
export interface PodCopyOptions {
  /** Default: the pod's name with `-copy-` and a suffix from the API server. */
  name?: string;
  /** Name of the container that `command` and `image` apply to. */
  container: string;
  /** Replaces the container's command and arguments. */
  command?: readonly string[];
  image?: string;
  shareProcesses: boolean;
  /** Lets the scheduler choose the node instead of taking the pod's own. */
  anyNode: boolean;
  /** Creator, as text for users. */
  by?: string;
  createdBy?: CreatedBy;
}

/** Labels that identify copies among the pods of scope. */
export const copyLabels: Readonly<Record<string, string>> = {
  "app.kubernetes.io/name": "scope-copy",
  "app.kubernetes.io/managed-by": "scope",
  "scope/kind": "copy",
};

const ofAnnotation = "scope/copy-of", byAnnotation = "scope/copied-by", containerAnnotation = "scope/copied-container";
const defaultContainer = "kubectl.kubernetes.io/default-container";

/** Lifetime after which the kubelet ends a copy in any case, in seconds. */
const lifetimeSeconds = 12 * 60 * 60;
/** Grace period in seconds, short as debug commands such as sleep ignore SIGTERM and a copy has nothing to lose. */
const graceSeconds = 5;
/** Longest prefix of a generated name that the API server does not cut, less `-copy-`. */
const longestBase = 52;

/**
 * Returns a debug copy of a pod: the same containers, volumes and environment on the same node, but without anything that
 * makes others send it traffic, restart it or mistake it for the original. No Service and no workload selects it, as it has
 * none of the original's labels. It runs once: a command that ends stays ended, with its exit code and its log.
 */
export function podCopy(pod: V1Pod, options: PodCopyOptions): V1Pod {
  const { name = "", namespace = "", annotations = {} } = pod.metadata ?? {};
  const of = { [ofAnnotation]: name, [containerAnnotation]: options.container };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...(options.name === undefined
        ? { generateName: `${name.slice(0, longestBase).replace(/[^a-z0-9]+$/, "")}-copy-` }
        : { name: options.name }),
      namespace,
      // Turn off injection: a mesh's sidecars are containers of the original, and are copied with it.
      labels: { ...copyLabels, "sidecar.istio.io/inject": "false", "kuma.io/sidecar-injection": "disabled" },
      annotations: {
        ...of,
        ...(options.by === undefined ? {} : { [byAnnotation]: options.by }),
        ...createdByAnnotations(options.createdBy),
        [defaultContainer]: options.container,
        ...Object.fromEntries(Object.entries(annotations).filter(([key]) => key.startsWith(appArmor))),
        "sidecar.istio.io/inject": "false",
        "linkerd.io/inject": "disabled",
        "consul.hashicorp.com/connect-inject": "false",
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "true",
      },
    },
    spec: specCopy(pod, options),
  };
}

/** Prefix of the only annotations that affect how a container runs, in clusters without the field `appArmorProfile`. */
const appArmor = "container.apparmor.security.beta.kubernetes.io/";

function specCopy(pod: V1Pod, { container, command, image, shareProcesses, anyNode }: PodCopyOptions): V1PodSpec {
  const {
    ephemeralContainers: _ephemeral, // refused in a new pod
    // With a priority, a copy could preempt other pods on the node.
    priority: _priority,
    priorityClassName: _class,
    preemptionPolicy: _preemption,
    // Gates that controllers set, which do not know the copy.
    readinessGates: _readiness,
    schedulingGates: _gates,
    overhead: _overhead, // admission adds it again from the runtime class
    serviceAccount: _account, // the old name of serviceAccountName
    nodeName,
    ...spec
  } = pod.spec ?? { containers: [] };
  const tokens = new Set((spec.volumes ?? []).filter(isTokenVolume).map(({ name }) => name));
  const change = (one: V1Container): V1Container => {
    const {
      livenessProbe: _liveness,
      readinessProbe: _readiness,
      startupProbe: _startup,
      lifecycle: _lifecycle,
      resizePolicy: _resize, // may require restarts
      volumeMounts,
      ports,
      env,
      ...rest
    } = one;
    const changed: V1Container = {
      ...rest,
      ...(env === undefined ? {} : { env: env.map((variable) => literal(variable, pod)) }),
      ...(volumeMounts === undefined ? {} : { volumeMounts: volumeMounts.filter(({ name }) => !tokens.has(name)) }),
      // Host ports are taken by the original. With `hostNetwork`, every port is a host port.
      ...(ports === undefined || spec.hostNetwork === true
        ? {}
        : { ports: ports.map(({ hostPort: _port, hostIP: _ip, ...port }) => port) }),
    };
    if (one.name !== container) return changed;
    if (image !== undefined) changed.image = image;
    if (command !== undefined) {
      changed.command = [...command];
      delete changed.args;
    }
    return changed;
  };
  const initContainers = spec.initContainers?.map((one) => {
    const { restartPolicy, restartPolicyRules: _rules, ...rest } = change(one);
    return restartPolicy === "Always" ? { ...rest, restartPolicy } : rest; // a sidecar
  });
  const containers = spec.containers.map((one) => {
    const { restartPolicy: _policy, restartPolicyRules: _rules, ...rest } = change(one);
    return rest;
  });
  return {
    ...spec,
    ...(spec.volumes === undefined ? {} : { volumes: spec.volumes.filter(({ name }) => !tokens.has(name)) }),
    ...defined({ initContainers }),
    containers,
    // Bypass the scheduler, which may keep pods of one application apart.
    ...(anyNode ? {} : defined({ nodeName })),
    ...(shareProcesses ? { shareProcessNamespace: true } : {}),
    restartPolicy: "Never",
    activeDeadlineSeconds: lifetimeSeconds,
    terminationGracePeriodSeconds: Math.min(spec.terminationGracePeriodSeconds ?? graceSeconds, graceSeconds),
  };
}

/** Returns true for the token volume that admission adds: its token is bound to the original, and the copy gets a new one. */
function isTokenVolume({ name, projected }: { name: string; projected?: { sources?: unknown[] } }): boolean {
  return /^kube-api-access-[a-z0-9]{5}$/.test(name) && projected !== undefined;
}

/** Replaces a variable that refers to a label or annotation by the original's value, as the copy has neither. */
function literal(variable: V1EnvVar, { metadata }: V1Pod): V1EnvVar {
  const path = variable.valueFrom?.fieldRef?.fieldPath ?? "";
  const [, which, key = ""] = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path) ?? [];
  if (which === undefined) return variable;
  return { name: variable.name, value: metadata?.[which as "labels" | "annotations"]?.[key] ?? "" };
}

/** Returns the origin of a copy from its annotations; undefined when the pod is no copy. */
export function copyOrigin({ metadata }: V1Pod): { of: string; container: string; by?: string } | undefined {
  const { labels = {}, annotations = {} } = metadata ?? {};
  if (Object.entries(copyLabels).some(([key, value]) => labels[key] !== value)) return undefined;
  const by = annotations[byAnnotation];
  return {
    of: annotations[ofAnnotation] ?? "",
    container: annotations[containerAnnotation] ?? "",
    ...defined({ by }),
  };
}

/** Returns the container of that name; without a name, kubectl's default container. Undefined when there is none. */
export function containerOf({ metadata, spec }: V1Pod, wanted: string | undefined): V1Container | undefined {
  const all = [...spec?.containers ?? [], ...spec?.initContainers ?? []];
  const named = (name: string | undefined) => all.find((container) => container.name === name);
  if (wanted !== undefined) return named(wanted);
  return named(metadata?.annotations?.[defaultContainer]) ?? all[0];
}

/** Returns the persistent volume claims of a pod, whose files the original and its copy share. */
export function sharedClaims({ spec }: V1Pod): string[] {
  return (spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);
}
