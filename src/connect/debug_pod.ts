import { createHash } from "node:crypto";
import template from "../../deploy/debug-pod.yaml" with { type: "text" };
import type { V1Pod } from "../kube/cluster.ts";
import { parseYaml } from "../kube/yaml.ts";
import { isFinished } from "../kube/pods.ts";
import { type CreatedBy, createdByAnnotations } from "../kube/created_by.ts";
import type { PullPolicy } from "../options.ts";
import { version } from "../version.ts";

export interface DebugPodOptions {
  namespace: string;
  node: string;
  image: string;
  /** Empty for none. */
  regcred: string;
  pullPolicy: PullPolicy;
  createdBy?: CreatedBy;
  /** Makes the root filesystem read-only and mounts a volume over writable directories. Default: false. */
  readOnly?: boolean;
}

/** Selects every pod that scope created, including copies of pods. */
export const managedBySelector = "app.kubernetes.io/managed-by=scope";
/** Selects debug pods only. */
export const debugPodSelector = `${managedBySelector},app.kubernetes.io/name=scope-debug`;

/** Returns true for a debug pod of scope; false for copies of pods. */
export function isDebugPod({ metadata }: V1Pod): boolean {
  const { "app.kubernetes.io/managed-by": manager, "app.kubernetes.io/name": name } = metadata?.labels ?? {};
  return manager === "scope" && name === "scope-debug";
}

/** Name of the container in a debug pod. */
export const debugContainer = "scope";

/** Fills in deploy/debug-pod.yaml. */
export function debugPod(options: DebugPodOptions): V1Pod {
  const { namespace, node, image, regcred, pullPolicy } = options;
  const values: Record<string, string> = {
    NAME: debugPodName(node, image),
    NAMESPACE: namespace,
    NODE: node,
    NODE_HASH: shortHash(node),
    IMAGE: image,
    IMAGE_HASH: shortHash(image),
    VERSION: version,
    REGCRED: regcred,
    PULL_POLICY: pullPolicy,
  };
  const pod = fill(parseYaml(template), values) as V1Pod;
  pod.metadata!.annotations = { ...pod.metadata!.annotations, ...createdByAnnotations(options.createdBy) };
  if (regcred === "") delete pod.spec!.imagePullSecrets;
  if (options.readOnly) addScratch(pod);
  return pod;
}

/** Directories that programs of the image write to: temporary files, locks, history. */
const writable = ["/tmp", "/var/tmp", "/run", "/root"];

/** Makes the root filesystem of a pod read-only and gives the pod a volume on disk, which is deleted with the pod. */
function addScratch({ spec }: V1Pod): void {
  const name = "scratch", [container] = spec!.containers;
  spec!.volumes = [{ name, emptyDir: { sizeLimit: "2Gi" } }];
  container!.volumeMounts = writable.map((mountPath) => ({ name, mountPath, subPath: mountPath.slice(1) }));
  container!.securityContext!.readOnlyRootFilesystem = true;
}

/** Returns a name that depends on node, image and version only: a second client's create is a conflict, not a second pod. */
export function debugPodName(node: string, image: string): string {
  const readable = node.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "").slice(0, 30);
  return `scope-${readable}-${shortHash(`${node}\n${image}\n${version}`)}`;
}

/**
 * Returns true for the debug pod that serves this node with this image, whoever created it. `admitted` is the image as
 * admission rewrites it. The pod's labels alone are no proof of its image: whoever creates a pod can set any labels.
 */
export function isDebugPodFor(pod: V1Pod, node: string, image: string, admitted = image): boolean {
  const labels = pod.metadata?.labels ?? {};
  return pod.spec?.nodeName === node && labels["scope/node"] === shortHash(node) &&
    labels["scope/image"] === shortHash(image) && labels["scope/version"] === version &&
    [image, admitted].includes(imageIn(pod) ?? "");
}

/** Returns the image of a debug pod, which admission may have rewritten, for example to a mirror. */
export function imageIn({ spec }: V1Pod): string | undefined {
  return spec?.containers.find(({ name }) => name === debugContainer)?.image;
}

/**
 * Returns true when a debug pod has ended. Its container, which never restarts, is reported as terminated earlier than the
 * phase: the kubelet keeps a pod "Running" until it is cleaned up, a second or more later.
 */
export function hasEnded(pod: V1Pod): boolean {
  const { containerStatuses = [] } = pod.status ?? {};
  return isFinished(pod) ||
    containerStatuses.some(({ name, state }) => name === debugContainer && state?.terminated !== undefined);
}

/** Fills in $(NAME) in the strings of a parsed document: a value cannot change the document's structure. */
function fill(value: unknown, values: Readonly<Record<string, string>>): unknown {
  if (typeof value === "string") return value.replaceAll(/\$\((\w+)\)/g, (whole, name) => values[name] ?? whole);
  if (Array.isArray(value)) return value.map((item) => fill(item, values));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, values)]));
  }
  return value;
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 10);
}
