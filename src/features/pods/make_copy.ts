import { delay } from "../../lib/delay.ts";
import { ScopeError } from "../../errors.ts";
import type { Cluster, V1Pod } from "../../kube/cluster.ts";
import { statusOf } from "../../kube/cluster.ts";
import { assertAllowed } from "../../kube/access.ts";
import { containerOf } from "../../kube/pod_copy.ts";
import { podName } from "../../kube/pods.ts";
import { podPath } from "../../kube/rest.ts";
import { reasonOf } from "../../kube/translate.ts";
import type { PodChange } from "../../kube/watch.ts";
import { watchPods } from "../../kube/watch.ts";
import { rightsToUse } from "../../rights/rights.ts";
import type { Ended } from "./copy_progress.ts";
import { copyProgress, imageHint } from "./copy_progress.ts";
import { withdrawPod } from "../../connect/remove.ts";
import { troubleOf } from "../../connect/trouble.ts";
import type { Progress } from "../../connect/waiting.ts";
import { nextProgress } from "../../connect/waiting.ts";

export interface CopyStart {
  /** The copy as podCopy() makes it. */
  copy: V1Pod;
  /** For messages: `namespace/name` of the original. */
  of: string;
  /** The container to wait for. */
  container: string;
  /** A command given by the user; if it cannot be started, the user's command is at fault, not the original. */
  command?: readonly string[];
  timeoutMs: number;
  /** Prints a message for the user. */
  notice(text: string): void;
}

/** Duration of a normal start, without any notice, in milliseconds. */
const normalMs = 1500;
/** Wait before asking for reasons that the pod's status does not give, in milliseconds. */
const askMs = 3000;
/** Time within which a program that crashes at its start should do so, in milliseconds. */
const settleMs = 1500;
/** Interval of checks while the pod does not change, in milliseconds. */
const tickMs = 250;

/**
 * Creates a copy and waits until its container runs or has ended: an application that crashes in the copy, too, is no failure
 * of the copy. A copy that reaches neither state is removed.
 *
 * Throws ScopeError, or the reason of `signal`.
 */
export async function startCopy(cluster: Cluster, start: CopyStart, signal: AbortSignal): Promise<V1Pod> {
  const pod = await create(cluster, start);
  let started: V1Pod | undefined;
  try {
    return started = await reach(cluster, start, pod, AbortSignal.any([signal, AbortSignal.timeout(start.timeoutMs)]));
  } finally {
    if (started === undefined) await withdrawPod(cluster.uninterrupted, pod).catch(() => {});
  }
}

async function create(cluster: Cluster, { copy, of }: CopyStart): Promise<V1Pod> {
  const namespace = copy.metadata?.namespace ?? "", name = copy.metadata?.name;
  // A copy that could not be watched is never created.
  await assertAllowed(cluster, `copy pod "${of}"`, rightsToUse("copy", namespace));
  try {
    // Uninterrupted: an unknown copy would stay.
    return await cluster.uninterrupted.request<V1Pod>(`copy pod "${of}"`, {
      method: "POST",
      path: podPath(namespace),
      body: copy,
    });
  } catch (error) {
    if (!(error instanceof ScopeError)) throw error;
    if (statusOf(error) === 409 && name !== undefined) {
      throw new ScopeError("usage", `There is a pod named "${name}" in namespace "${namespace}" already`, {
        cause: error,
        hint: "give another --name, or leave it out",
      });
    }
    const reason = reasonOf(error.cause);
    if (statusOf(error) !== 403 || reason === "" || error.missing !== undefined) throw error;
    // An admission policy may be newer than the original, or a quota leaves no room for a second pod.
    throw new ScopeError("denied", error.message, { cause: error.cause, hint: reason });
  }
}

/** Waits for the container of a copy. Throws ScopeError if it will not run. */
async function reach(cluster: Cluster, start: CopyStart, created: V1Pod, limit: AbortSignal): Promise<V1Pod> {
  const { name = "", namespace = "" } = created.metadata ?? {}, since = performance.now();
  const ended = new AbortController(), stop = AbortSignal.any([limit, ended.signal]);
  const changes = watchPods(cluster, { namespace, fieldSelector: `metadata.name=${name}` }, stop)
    [Symbol.asyncIterator]();
  const upcoming = () => {
    const next = changes.next();
    next.catch(() => {}); // handled by the await
    return next;
  };
  let pod = created, progress = copyProgress(pod, start.container), noticed = "", asked = false;
  let runsSince: number | undefined;
  const notice = (reason: string) => start.notice(`waiting for the copy "${namespace}/${name}": ${reason}`);
  try {
    for (let next = upcoming();;) {
      const update = await Promise.race([next, delay(tickMs, stop)]);
      if (limit.aborted) throw late(start, pod, progress, limit);
      if (update !== undefined && !update.done) {
        next = upcoming();
        pod = newer(update.value, pod);
      }
      progress = nextProgress(progress, copyProgress(pod, start.container));
      if (progress.state === "failed") throw progress.error;
      if (progress.state === "ended") {
        if (progress.neverRan && start.command !== undefined) throw notAProgram(start, start.command, progress, pod);
        return pod;
      }
      if (progress.state === "running") {
        // The original's own command is likely to crash again: wait a moment for it.
        runsSince ??= performance.now();
        if (start.command !== undefined || performance.now() - runsSince >= settleMs) return pod;
        continue;
      }
      const waited = performance.now() - since;
      if (progress.reason !== noticed && (progress.pullFailed || waited > normalMs)) notice(noticed = progress.reason);
      if (asked || waited < askMs) continue;
      asked = true;
      const trouble = await troubleOf(cluster, pod, pod.spec?.nodeName);
      if (trouble?.state === "failed") throw trouble.error;
      if (trouble?.state === "waiting") notice(trouble.reason);
    }
  } finally {
    ended.abort();
  }
}

/** Returns the error for a user's command that cannot be started: such a copy is not kept. */
function notAProgram(
  { container, of }: CopyStart,
  command: readonly string[],
  { message, reason }: Ended,
  pod: V1Pod,
): ScopeError {
  const image = containerOf(pod, container)?.image;
  return new ScopeError(
    "notFound",
    `Cannot start "${command[0]}" in container "${container}" of a copy of "${of}"`,
    { hint: `it must be a program of the image "${image}"; --image gives another (${message ?? reason})` },
  );
}

/** Returns the copy after a change. Throws ScopeError if it was deleted. */
function newer(change: PodChange, pod: V1Pod): V1Pod {
  if (change.type === "LISTED" || change.pod.metadata?.uid !== pod.metadata?.uid) return pod;
  if (change.type === "DELETED") {
    throw new ScopeError("unreachable", `The copy "${podName(pod)}" was deleted meanwhile`, { hint: "run it again" });
  }
  return change.pod;
}

function late({ timeoutMs }: CopyStart, pod: V1Pod, progress: Progress | Ended, limit: AbortSignal): unknown {
  if (limit.reason?.name !== "TimeoutError") return limit.reason;
  const { reason, pullFailed } = progress.state === "waiting" ? progress : { reason: "its status", pullFailed: false };
  return new ScopeError("timeout", `The copy "${podName(pod)}" did not start within ${timeoutMs / 1000} s`, {
    hint: pullFailed ? imageHint(reason) : `it waits for ${reason}; give it longer with --timeout SECONDS`,
  });
}
