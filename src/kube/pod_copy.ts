import type { V1Container, V1EnvVar, V1Pod, V1PodSpec } from "@kubernetes/client-node";
import { type CreatedBy, makerAnnotations } from "./created_by.ts";

/** What a copy of a pod differs in, besides what makes it a copy. */
export interface PodCopyOptions {
  /** Default: the pod's name with `-copy-` and what the API server adds. */
  name?: string;
  /** The container that `command` and `image` are for, by its name. */
  container: string;
  /** Instead of the container's command and arguments. */
  command?: readonly string[];
  image?: string;
  shareProcesses: boolean;
  /** Leave it to the scheduler where the copy runs, instead of the pod's own node. */
  anyNode: boolean;
  /** Who makes it, for people. */
  by?: string;
  createdBy?: CreatedBy;
}

/** Finds the copies among what scope made. */
export const copyLabels: Readonly<Record<string, string>> = {
  "app.kubernetes.io/name": "scope-copy",
  "app.kubernetes.io/managed-by": "scope",
  "scope/kind": "copy",
};

const ofAnnotation = "scope/copy-of", byAnnotation = "scope/copied-by", containerAnnotation = "scope/copied-container";
const defaultContainer = "kubectl.kubernetes.io/default-container";

/** The kubelet ends a copy after this time in any case. */
const lifetimeSeconds = 12 * 60 * 60;
/** Most debug commands, as sleep, do not end when asked to, and nothing of a copy is worth more patience. */
const graceSeconds = 5;
/** The longest base of a name that the API server completes, less `-copy-`. */
const longestBase = 52;

/**
 * A debug copy of a pod: the same containers, volumes and environment on the same node, but nothing that sends it
 * traffic, restarts it or takes it for the original. No Service and no workload selects it, as it has none of the
 * original's labels. It runs once: a command that ends stays ended, with its exit code and its log.
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
      // The sidecars of a mesh are containers of the original, and come along: nobody needs to add them again.
      labels: { ...copyLabels, "sidecar.istio.io/inject": "false", "kuma.io/sidecar-injection": "disabled" },
      annotations: {
        ...of,
        ...(options.by === undefined ? {} : { [byAnnotation]: options.by }),
        ...makerAnnotations(options.createdBy),
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

/** The one kind of annotation that decides how a container runs, in clusters older than its field. */
const appArmor = "container.apparmor.security.beta.kubernetes.io/";

function specCopy(pod: V1Pod, { container, command, image, shareProcesses, anyNode }: PodCopyOptions): V1PodSpec {
  const {
    ephemeralContainers: _ephemeral, // refused in a new pod
    // With these a copy could push the pods of others from the node.
    priority: _priority,
    priorityClassName: _class,
    preemptionPolicy: _preemption,
    // What controllers wait for, who do not know the copy.
    readinessGates: _readiness,
    schedulingGates: _gates,
    overhead: _overhead, // of its runtime class, added again
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
      resizePolicy: _resize, // of containers that may start again
      volumeMounts,
      ports,
      env,
      ...rest
    } = one;
    const changed: V1Container = {
      ...rest,
      ...(env === undefined ? {} : { env: env.map((variable) => literal(variable, pod)) }),
      ...(volumeMounts === undefined ? {} : { volumeMounts: volumeMounts.filter(({ name }) => !tokens.has(name)) }),
      // The node's ports are the original's. In the node's network every port is one of those.
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
    ...(initContainers === undefined ? {} : { initContainers }),
    containers,
    // Straight to the node, past the scheduler, which may keep pods of one application apart.
    ...(anyNode || nodeName === undefined ? {} : { nodeName }),
    ...(shareProcesses ? { shareProcessNamespace: true } : {}),
    restartPolicy: "Never",
    activeDeadlineSeconds: lifetimeSeconds,
    terminationGracePeriodSeconds: Math.min(spec.terminationGracePeriodSeconds ?? graceSeconds, graceSeconds),
  };
}

/** Added by admission, which adds another to the copy: its name is random, and its token bound to the original. */
function isTokenVolume({ name, projected }: { name: string; projected?: { sources?: unknown[] } }): boolean {
  return /^kube-api-access-[a-z0-9]{5}$/.test(name) && projected !== undefined;
}

/** A variable that reads a label or an annotation of the pod has the original's, as the copy has none of them. */
function literal(variable: V1EnvVar, { metadata }: V1Pod): V1EnvVar {
  const path = variable.valueFrom?.fieldRef?.fieldPath ?? "";
  const [, which, key = ""] = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path) ?? [];
  if (which === undefined) return variable;
  return { name: variable.name, value: metadata?.[which as "labels" | "annotations"]?.[key] ?? "" };
}

/** What a copy says of itself; nothing when the pod is none. */
export function copyOrigin({ metadata }: V1Pod): { of: string; container: string; by?: string } | undefined {
  const { labels = {}, annotations = {} } = metadata ?? {};
  if (Object.entries(copyLabels).some(([key, value]) => labels[key] !== value)) return undefined;
  const by = annotations[byAnnotation];
  return {
    of: annotations[ofAnnotation] ?? "",
    container: annotations[containerAnnotation] ?? "",
    ...(by === undefined ? {} : { by }),
  };
}

/** The container that is meant: the one of that name, else the one that kubectl takes. Nothing when there is none. */
export function containerOf({ metadata, spec }: V1Pod, wanted: string | undefined): V1Container | undefined {
  const all = [...spec?.containers ?? [], ...spec?.initContainers ?? []];
  const named = (name: string | undefined) => all.find((container) => container.name === name);
  if (wanted !== undefined) return named(wanted);
  return named(metadata?.annotations?.[defaultContainer]) ?? all[0];
}

/** Volumes whose files the original and its copy share, as both see the same disk. */
export function sharedClaims({ spec }: V1Pod): string[] {
  return (spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);
}
