import type { Duplex } from "node:stream";
import { mebibytes } from "../lib/bytes.ts";
import { ScopeError } from "../errors.ts";
import type { Cluster, V1Pod } from "../kube/cluster.ts";
import { statusOf } from "../kube/cluster.ts";
import { assertAllowed } from "../kube/access.ts";
import { sharedLimits } from "../kube/limits.ts";
import { isTerminating, podName } from "../kube/pods.ts";
import { assertNamespace } from "../kube/resolve.ts";
import { podPath } from "../kube/rest.ts";
import type { PullPolicy } from "../options.ts";
import { rightsToUse } from "../rights/rights.ts";
import { changedPod, isReadOnly } from "./admission.ts";
import type { StartingManager } from "./starting_manager.ts";
import { connectManager, waitForManager } from "./starting_manager.ts";
import { debugContainer, debugPod, debugPodName, hasEnded, imageIn, isDebugPodFor } from "./debug_pod.ts";
import { isObstacle } from "./refusal.ts";
import { removePod, withdrawPod } from "./remove.ts";
import { troubleOf } from "./trouble.ts";
import { progressOf } from "./waiting.ts";

export interface StartOptions {
  /** Namespace of the debug pod. */
  namespace: string;
  image: string;
  regcred: string;
  pullPolicy: PullPolicy;
  timeoutMs: number;
  /** Prints a notice for the user. */
  notice(text: string): void;
}

export interface Started {
  pod: V1Pod;
  stream: Duplex;
  /** True when this call created the pod, and not another client. */
  created: boolean;
}

/** Connects to the manager of a debug pod. Throws ScopeError. */
export function connectDebugPod(cluster: Cluster, { metadata }: V1Pod): Promise<Duplex> {
  const { name = "", namespace = "" } = metadata ?? {};
  return connectManager(cluster, { namespace, pod: name, container: debugContainer });
}

/** Checks the rights before a debug pod is created that this user could not use or remove. Throws ScopeError (denied). */
export async function assertUsable(cluster: Cluster, namespace: string): Promise<void> {
  await assertAllowed(cluster, `use a debug pod in namespace "${namespace}"`, rightsToUse("node", namespace));
}

/**
 * Creates the debug pod of a node, or joins another client that does, and waits until its manager can be reached. Removes a
 * pod that was created here but whose manager cannot be reached.
 *
 * Throws ScopeError, also when `limit` is an expired timeout, or else the reason of `limit`.
 */
export async function startDebugPod(
  cluster: Cluster,
  options: StartOptions,
  node: string,
  limit: AbortSignal,
): Promise<Started> {
  const [tried] = await Promise.all([tryDebugPod(cluster, options, node), assertUsable(cluster, options.namespace)]);
  if (tried !== undefined) assertRights(debugPod({ ...options, node }), tried);
  while (true) {
    const created = await create(cluster, options, node, isReadOnly(tried));
    const admitted = imageIn(created ?? tried ?? {});
    let reached: Awaited<ReturnType<typeof waitForManager>>;
    try {
      reached = await waitForManager(cluster, awaited(cluster, options, node, { created, admitted }), limit);
    } finally {
      if (!reached && created !== undefined) await withdrawPod(cluster.uninterrupted, created).catch(() => {});
    }
    // Otherwise another client has removed the pod meanwhile: create it again.
    if (reached !== undefined) return { ...reached, created: created !== undefined };
  }
}

/** Creates the debug pod; returns undefined when a pod of that name exists. */
async function create(
  cluster: Cluster,
  options: StartOptions,
  node: string,
  readOnly: boolean,
): Promise<V1Pod | undefined> {
  const { namespace, image, notice } = options;
  const body = debugPod({ ...options, node, readOnly });
  try {
    // Uninterrupted: otherwise an unknown pod could be left behind.
    const pod = await cluster.uninterrupted.request<V1Pod>(`create a debug pod in namespace "${namespace}"`, {
      method: "POST",
      path: podPath(namespace),
      body,
    });
    const { storageBytes } = sharedLimits(pod);
    const evicted = storageBytes === undefined
      ? ""
      : `; it is evicted when it writes more than ${mebibytes(storageBytes)} MiB`;
    notice(
      `starting the privileged debug pod "${podName(pod)}" (${image}): who may exec into pods of namespace ` +
        `"${namespace}" is root on node "${node}" until it has been idle for 10 minutes, or scope cleanup removes it${evicted}`,
    );
    return pod;
  } catch (error) {
    if (statusOf(error) === 409) return undefined;
    if (statusOf(error) === 404) await assertNamespace(cluster, namespace);
    throw error;
  }
}

/** Returns the debug pod as admission changes it, by a dry run; undefined where that is refused. */
export async function tryDebugPod(cluster: Cluster, options: StartOptions, node: string): Promise<V1Pod | undefined> {
  const body = debugPod({ ...options, node });
  body.metadata!.name += "-test"; // the real name may be taken
  const dry = { method: "POST", path: podPath(options.namespace), query: { dryRun: "All" } } as const;
  try {
    return await cluster.request<V1Pod>(`try a debug pod in namespace "${options.namespace}"`, { ...dry, body });
  } catch (error) {
    // After other failures the rewritten image stays unknown, so a pod of that name could not be trusted.
    const refused = error instanceof ScopeError && (isObstacle(error) || ["notFound", "usage"].includes(error.kind));
    if (refused) return undefined;
    throw error;
  }
}

/** Throws ScopeError (denied) when admission would accept a debug pod, but take away rights that it needs. */
export function assertRights(requested: V1Pod, admitted: V1Pod): void {
  const changed = changedPod(requested, admitted);
  if (changed === undefined) return;
  const what = `create a debug pod in namespace "${requested.metadata?.namespace}"`;
  throw new ScopeError("denied", `Cannot ${what}: the cluster's admission changes its rights`, {
    hint: `give --debug-namespace NAME of a namespace where privileged pods are left alone (${changed})`,
  });
}

function awaited(
  cluster: Cluster,
  options: StartOptions,
  node: string,
  { created, admitted }: { created: V1Pod | undefined; admitted: string | undefined },
): StartingManager {
  const { namespace, image, timeoutMs, notice } = options, pod = debugPodName(node, image);
  return {
    namespace,
    pod,
    container: debugContainer,
    what: `debug pod "${namespace}/${pod}"`,
    image,
    timeoutMs,
    notice,
    progress(pod) {
      if (isTerminating(pod)) return undefined; // wait until it is gone
      if (!isDebugPodFor(pod, node, image, admitted)) throw foreign(pod);
      return progressOf(pod, image);
    },
    async gone(failed) {
      if (failed === undefined) return;
      if (created !== undefined || !hasEnded(failed.pod)) throw failed.error;
      await removePod(cluster, failed.pod); // left by another client, it would block a new one
    },
    trouble: (pod) => troubleOf(cluster, pod, node),
  };
}

function foreign(pod: V1Pod): ScopeError {
  return new ScopeError("denied", `Pod "${podName(pod)}" has the name of a debug pod, but is none of scope's`, {
    hint: "look at it with kubectl describe pod, delete it, or give another --debug-namespace",
  });
}
