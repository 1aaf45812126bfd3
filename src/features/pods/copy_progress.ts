import { defined } from "../../lib/defined.ts";
import { ScopeError } from "../../errors.ts";
import type { V1Pod } from "../../kube/cluster.ts";
import { isTerminating, podStatus } from "../../kube/pods.ts";
import type { Progress } from "../../connect/waiting.ts";
import { waitingProgress } from "../../connect/waiting.ts";

/** The end of the chosen container of a copy. */
export interface Ended {
  state: "ended";
  /** The kubelet's reason: Completed, Error, OOMKilled, … */
  reason: string;
  exitCode?: number;
  message?: string;
  /** The init container that failed, if it is not the chosen container. */
  failed?: string;
  /** Its program could not be started at all. */
  neverRan: boolean;
}

/** Reasons of a runtime that could not start the program. */
const notStarted = ["StartError", "ContainerCannotRun"];

/** Reads the status of a copy: the container's progress towards running, or its end. Pure. */
export function copyProgress(pod: V1Pod, container: string): Progress | Ended {
  const { status, spec } = pod;
  const all = [...status?.initContainerStatuses ?? [], ...status?.containerStatuses ?? []];
  const chosen = all.find(({ name }) => name === container);
  if (chosen?.state?.running !== undefined) return { state: "running" };
  if (chosen?.state?.terminated !== undefined) {
    const { reason = "Error", exitCode, message } = chosen.state.terminated;
    return { ...ended(reason, message), exitCode, neverRan: notStarted.includes(reason) };
  }
  if (status?.phase === "Failed" || status?.phase === "Succeeded") {
    const failed = all.find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
    if (failed?.state?.terminated !== undefined) {
      const { reason = "Error", exitCode, message } = failed.state.terminated;
      return { ...ended(reason, message), exitCode, failed: failed.name };
    }
    return all.length === 0 ? refusedByNode(pod) : ended(status.reason ?? status.phase, status.message);
  }
  // The first container with a reason of its own is what the others wait for.
  const waits = all.find(({ state }) => state?.waiting !== undefined && state.waiting.reason !== "PodInitializing");
  const image = [...spec?.containers ?? [], ...spec?.initContainers ?? []].find(({ name }) => name === waits?.name);
  const sidecars = (spec?.initContainers ?? []).filter((one) => one.restartPolicy === "Always").map(({ name }) => name);
  const running = (status?.initContainerStatuses ?? []).find(({ name, state }) =>
    state?.running !== undefined && !sidecars.includes(name)
  );
  if (waits === undefined && running !== undefined) {
    return { state: "waiting", reason: `init container "${running.name}" to end`, pullFailed: false };
  }
  return waitingProgress(
    waits?.state?.waiting,
    status?.phase,
    image?.image ?? "",
    (_image, message) => imageHint(message),
  );
}

/** Returns the status of a copy in one word: Running, the reason why it waits, or how its container or an earlier one ended. */
export function copyStatus(pod: V1Pod, container: string): { status: string; exitCode?: number; failed?: string } {
  const progress = copyProgress(pod, container);
  if (isTerminating(pod)) return { status: podStatus(pod) };
  if (progress.state === "running") return { status: "Running" };
  if (progress.state !== "ended") return { status: podStatus(pod) };
  const { reason, exitCode, failed } = progress;
  return {
    status: reason,
    ...defined({ exitCode, failed }),
  };
}

/**
 * Returns the hint for an image that cannot be pulled. The image may be the original's, and is pulled with the original's
 * secrets.
 */
export function imageHint(reason: string): string {
  const advice = "--image gives the container another one, --any-node the copy another node";
  return reason === "" ? advice : `${advice} (${reason})`;
}

/** Returns the failure of a copy that the kubelet rejected, for example because the node has no room. */
function refusedByNode({ spec, status }: V1Pod): Progress {
  const reason = status?.reason ?? "no reason given";
  return {
    state: "failed",
    error: new ScopeError("unreachable", `Node "${spec?.nodeName}" does not take the copy (${reason})`, {
      hint: `--any-node lets the scheduler find another${status?.message === undefined ? "" : ` (${status.message})`}`,
    }),
  };
}

function ended(reason: string, message: string | undefined): Ended {
  return { state: "ended", reason, ...defined({ message }), neverRan: false };
}
