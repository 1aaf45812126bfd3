import { createHash } from "node:crypto";
import template from "../../deploy/debug-pod.yaml" with { type: "text" };
import type { V1Pod } from "../kube/cluster.ts";
import { parseYaml } from "../kube/cluster.ts";
import { isFinished } from "../kube/pods.ts";
import { type CreatedBy, makerAnnotations } from "../kube/created_by.ts";
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
  /** Its root is read-only, and what must be written has a volume. Default: false. */
  readOnly?: boolean;
}

/** Finds everything that scope made, copies of pods too. */
export const managedBySelector = "app.kubernetes.io/managed-by=scope";
/** Finds the debug pods only. */
export const debugPodSelector = `${managedBySelector},app.kubernetes.io/name=scope-debug`;

/** Whether it is one that scope made for a node; false for copies of pods. */
export function isDebugPod({ metadata }: V1Pod): boolean {
  const { "app.kubernetes.io/managed-by": manager, "app.kubernetes.io/name": name } = metadata?.labels ?? {};
  return manager === "scope" && name === "scope-debug";
}

/** Name of the container in a debug pod. */
export const debugContainer = "scope";

/** deploy/debug-pod.yaml, filled in. */
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
  pod.metadata!.annotations = { ...pod.metadata!.annotations, ...makerAnnotations(options.createdBy) };
  if (regcred === "") delete pod.spec!.imagePullSecrets;
  if (options.readOnly) addScratch(pod);
  return pod;
}

/** Where programs of the image write: temporary files, locks, history. */
const writable = ["/tmp", "/var/tmp", "/run", "/root"];

/** Gives a pod with a read-only root a volume on disk, which ends with it. */
function addScratch({ spec }: V1Pod): void {
  const name = "scratch", [container] = spec!.containers;
  spec!.volumes = [{ name, emptyDir: { sizeLimit: "2Gi" } }];
  container!.volumeMounts = writable.map((mountPath) => ({ name, mountPath, subPath: mountPath.slice(1) }));
  container!.securityContext!.readOnlyRootFilesystem = true;
}

/** The same for every client that needs the same pod, so that the second one's create is a conflict and no second pod. */
export function debugPodName(node: string, image: string): string {
  const readable = node.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "").slice(0, 30);
  return `scope-${readable}-${shortHash(`${node}\n${image}\n${version}`)}`;
}

/**
 * True for the debug pod that serves this node with this image, whoever made it. `admitted` is what admission makes of the
 * image: the pod's own word on what was asked for is not enough, as whoever makes one could say anything.
 */
export function isDebugPodFor(pod: V1Pod, node: string, image: string, admitted = image): boolean {
  const labels = pod.metadata?.labels ?? {};
  return pod.spec?.nodeName === node && labels["scope/node"] === shortHash(node) &&
    labels["scope/image"] === shortHash(image) && labels["scope/version"] === version &&
    [image, admitted].includes(imageIn(pod) ?? "");
}

/** The image in a debug pod, which admission may have rewritten, for example to a mirror's. */
export function imageIn({ spec }: V1Pod): string | undefined {
  return spec?.containers.find(({ name }) => name === debugContainer)?.image;
}

/**
 * It serves no more. Its container, which never restarts, is said to have ended before its phase says so: the kubelet keeps
 * a pod "Running" until all of it is cleaned up, a second and more.
 */
export function hasEnded(pod: V1Pod): boolean {
  const { containerStatuses = [] } = pod.status ?? {};
  return isFinished(pod) ||
    containerStatuses.some(({ name, state }) => name === debugContainer && state?.terminated !== undefined);
}

/** Fills $(NAME) in the texts of a document after it was parsed, so that no value can change its structure. */
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
