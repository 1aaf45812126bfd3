import { ScopeError } from "../errors.ts";
import type { V1ContainerState, V1Pod } from "../kube/cluster.ts";
import { podName } from "../kube/pods.ts";
import { lastErrorLine } from "./last_error_line.ts";

/** Progress of a starting debug pod or container. */
export type Progress =
  | { state: "running" }
  /** `reason` is text for the user. */
  | { state: "waiting"; reason: string; pullFailed: boolean }
  /** Will never run. */
  | { state: "failed"; error: ScopeError };

/** Reasons that do not pass by waiting, with the kind of their error. See the kubelet's image and container states. */
const hopeless: Readonly<Record<string, "unreachable" | "usage">> = {
  ErrImageNeverPull: "unreachable",
  InvalidImageName: "usage",
};

/** Reasons of a container that could not be started; it is not retried, as it never restarts. */
const cannotStart = ["RunContainerError", "CreateContainerConfigError"];

/** Messages of a registry that does not have the image. */
const absent = /not found|manifest unknown|name unknown|does not exist|NotFound/i;
/** Messages that may contain the same words, but are about a registry that did not answer. */
const unanswered = /lookup |no such host|dial tcp|i\/o timeout|connection refused/i;

/** Description of a starting container, for messages. */
export interface Starting {
  /** For example `Debug pod "shop/scope-node1"`. */
  what: string;
  image: string;
  /** Command that shows the log of a container that ended without a message. */
  logs: string;
}

/** Reads the status of a starting debug pod. */
export function progressOf(pod: V1Pod, image: string): Progress {
  const name = podName(pod), { phase, reason, message } = pod.status ?? {};
  const finished = phase === "Failed" || phase === "Succeeded";
  return progressOfContainer(pod.status?.containerStatuses?.[0]?.state ?? {}, {
    what: `Debug pod "${name}"`,
    image,
    logs: `kubectl logs -n ${name.replace("/", " ")}`,
  }, { finished, reason: reason ?? (finished ? undefined : phase), message });
}

/** Reads the state of a starting container; `pod` is the state of its pod, for what the container's state lacks. */
export function progressOfContainer(
  { running, terminated, waiting }: V1ContainerState,
  { what, image, logs }: Starting,
  pod: { finished: boolean; reason?: string | undefined; message?: string | undefined },
): Progress {
  if (running !== undefined) return { state: "running" };
  if (terminated !== undefined || pod.finished) {
    const reason = terminated?.reason ?? pod.reason ?? "no reason given";
    const code = terminated === undefined ? "" : `, exit code ${terminated.exitCode}`;
    return fail("unreachable", `${what} ended at once (${reason}${code})`, {
      hint: lastErrorLine(terminated?.message) ?? pod.message ?? `${logs} says why`,
    });
  }
  if (waiting?.reason !== undefined && cannotStart.includes(waiting.reason)) {
    return fail("unreachable", `${what} cannot start (${waiting.reason})`, {
      hint: waiting.message ?? "check --image: it must be an endoscope of this version",
    });
  }
  return waitingProgress(waiting, pod.reason, image);
}

/**
 * Returns what a container waits for, or why waiting is in vain. `waiting` is its status, if there is one yet; `hintFor`
 * returns the hint for an image that cannot be pulled.
 */
export function waitingProgress(
  waiting: { reason?: string; message?: string } | undefined,
  podReason: string | undefined,
  image: string,
  hintFor: (image: string, message: string) => string = pullHint,
): Progress {
  const reason = waiting?.reason ?? podReason ?? "Pending", message = waiting?.message ?? "";
  const kind = hopeless[reason];
  const pullFailed = reason === "ErrImagePull" || reason === "ImagePullBackOff";
  const isAbsent = isLocal(image) || (absent.test(message) && !unanswered.test(message));
  if (kind !== undefined || (pullFailed && isAbsent)) {
    return fail(kind ?? "unreachable", `Cannot pull the image "${image}" (${reason})`, {
      hint: hintFor(image, message),
    });
  }
  return { state: "waiting", reason: message === "" ? reason : `${reason}: ${message}`, pullFailed };
}

/**
 * Returns the newest progress, given the one before: while the kubelet retries a failed pull, it may briefly report the
 * container as being created, which is ignored.
 */
export function nextProgress<P extends Progress | { state: "ended" }>(before: P, now: P): P {
  const failed = before.state === "waiting" && before.pullFailed;
  return failed && now.state === "waiting" && now.reason === "ContainerCreating" ? before : now;
}

/** Returns the hint for an image that cannot be pulled. */
export function pullHint(image: string, message = ""): string {
  const advice = isLocal(image)
    ? "it is only on nodes where it was loaded: push it to a registry, and give its name there with --image or SCOPE_IMAGE"
    : "give --image or SCOPE_IMAGE as this node can pull it, and --regcred for a private registry";
  return message === "" ? advice : `${advice} (${message})`;
}

/** Returns true for a plain `localhost/` image: it has no registry, so it is on the node already, or nowhere. */
function isLocal(image: string): boolean {
  return image.startsWith("localhost/");
}

function fail(kind: "unreachable" | "usage", message: string, details: { hint: string }): Progress {
  return { state: "failed", error: new ScopeError(kind, message, details) };
}
