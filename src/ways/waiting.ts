import { ScopeError } from "../errors.ts";
import type { V1Pod } from "../kube/cluster.ts";
import { podName } from "../kube/pods.ts";

/** Where a debug pod is on its way to running. */
export type Progress =
  | { state: "running" }
  /** `reason` is for people. */
  | { state: "waiting"; reason: string; pullFailed: boolean }
  /** It will never run. */
  | { state: "failed"; error: ScopeError };

/** Reasons that no waiting mends, with the kind of their error. See the kubelet's image and container states. */
const hopeless: Readonly<Record<string, "unreachable" | "usage">> = {
  ErrImageNeverPull: "unreachable",
  InvalidImageName: "usage",
};

/** Words of a registry that answered, and said that it has no such image. */
const absent = /not found|manifest unknown|name unknown|does not exist|NotFound/i;
/** The same words, said about a registry that did not answer. */
const unanswered = /lookup |no such host|dial tcp|i\/o timeout|connection refused/i;

/** Reads the status of a starting debug pod. */
export function progressOf(pod: V1Pod, image: string): Progress {
  const status = pod.status?.containerStatuses?.[0], name = podName(pod);
  if (status?.state?.running !== undefined) return { state: "running" };
  const terminated = status?.state?.terminated;
  if (terminated !== undefined || pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded") {
    const reason = terminated?.reason ?? pod.status?.reason ?? "no reason given";
    const code = terminated === undefined ? "" : `, exit code ${terminated.exitCode}`;
    return fail("unreachable", `Debug pod "${name}" ended at once (${reason}${code})`, {
      hint: terminated?.message ?? pod.status?.message ?? `kubectl logs -n ${name.replace("/", " ")} says why`,
    });
  }
  const waiting = status?.state?.waiting;
  const reason = waiting?.reason ?? pod.status?.phase ?? "Pending", message = waiting?.message ?? "";
  const kind = hopeless[reason];
  const pullFailed = reason === "ErrImagePull" || reason === "ImagePullBackOff";
  const isAbsent = isLocal(image) || (absent.test(message) && !unanswered.test(message));
  if (kind !== undefined || (pullFailed && isAbsent)) {
    return fail(kind ?? "unreachable", `Cannot pull the image "${image}" (${reason})`, {
      hint: pullHint(image, message),
    });
  }
  return { state: "waiting", reason: message === "" ? reason : `${reason}: ${message}`, pullFailed };
}

/** What to do about an image that does not come. */
export function pullHint(image: string, message = ""): string {
  const advice = isLocal(image)
    ? "it is only on nodes where it was loaded: push it to a registry, and give its name there with --image or SCOPE_IMAGE"
    : "give --image or SCOPE_IMAGE as this node can pull it, and --regcred for a private registry";
  return message === "" ? advice : `${advice} (${message})`;
}

/** There is no registry behind a plain `localhost/`: such an image is on the node already, or nowhere. */
function isLocal(image: string): boolean {
  return image.startsWith("localhost/");
}

function fail(kind: "unreachable" | "usage", message: string, details: { hint: string }): Progress {
  return { state: "failed", error: new ScopeError(kind, message, details) };
}
