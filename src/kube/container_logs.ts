import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { defined } from "../lib/defined.ts";
import { isFinished } from "./pods.ts";

export interface LogContainer {
  name: string;
  kind: "container" | "init" | "sidecar" | "ephemeral";
}

/** Returns the containers of a pod that may have a log, in the order in which they start. */
export function logContainers({ spec }: V1Pod): LogContainer[] {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = spec ?? {};
  return [
    ...initContainers.map(({ name, restartPolicy }): LogContainer => ({
      name,
      kind: restartPolicy === "Always" ? "sidecar" : "init",
    })),
    ...containers.map(({ name }): LogContainer => ({ name, kind: "container" })),
    ...ephemeralContainers.map(({ name }): LogContainer => ({ name, kind: "ephemeral" })),
  ];
}

/** State of a container, as far as it matters for its log. */
export interface LogState {
  /** Id of the container whose log the server returns now; missing when there is no log yet. */
  id?: string;
  /** Runs, so that more lines may come. */
  running: boolean;
  restarts: number;
  /** Reason why it does not run yet. */
  waiting?: string;
  /** Exit of the container `id`. */
  exit?: { exitCode: number; reason?: string };
  /** Id of the container whose log the server returns with `previous`. */
  previousId?: string;
  /** Exit of the container `previousId`. */
  previousExit?: { exitCode: number; reason?: string };
  /** Will not be started again. */
  over: boolean;
}

/** Reads a container's status as the kubelet does when it is asked for a log (`validateContainerLogStatus`). */
export function logState(pod: V1Pod, name: string): LogState {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
  const status = [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses]
    .find((each) => each.name === name);
  const over = isFinished(pod);
  if (status === undefined) return { running: false, restarts: 0, waiting: notStarted(pod), over };
  const { state = {}, lastState = {}, containerID, restartCount: restarts } = status;
  const last = lastState.terminated, previousId = last?.containerID;
  const ended = state.terminated?.containerID ? state.terminated : last;
  const id = (state.running === undefined ? ended?.containerID : containerID) || undefined;
  return {
    ...defined({ id }),
    running: state.running !== undefined,
    restarts,
    ...(id === undefined ? { waiting: state.waiting?.reason ?? notStarted(pod) } : {}),
    ...(state.running !== undefined || ended === undefined ? {} : { exit: exitOf(ended) }),
    ...(last !== undefined && previousId ? { previousId, previousExit: exitOf(last) } : {}),
    over: over || endsForGood(pod, name, status),
  };
}

function exitOf({ exitCode, reason }: { exitCode: number; reason?: string }): { exitCode: number; reason?: string } {
  return { exitCode, ...(reason ? { reason } : {}) };
}

/** Returns true for a container that has ended and is not restarted. */
function endsForGood({ spec }: V1Pod, name: string, { state }: V1ContainerStatus): boolean {
  if (state?.terminated === undefined) return false;
  const init = spec?.initContainers?.find((each) => each.name === name);
  if (init?.restartPolicy === "Always") return false;
  if (spec?.ephemeralContainers?.some((each) => each.name === name)) return true;
  if (spec?.restartPolicy === "Never") return true;
  return state.terminated.exitCode === 0 && (init !== undefined || spec?.restartPolicy === "OnFailure");
}

/** Returns why no container of a pod has been started. */
function notStarted({ status }: V1Pod): string {
  const unscheduled = status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  return unscheduled?.reason ?? status?.reason ?? status?.phase ?? "Pending";
}
