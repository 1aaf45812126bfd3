import { ScopeError } from "../errors.ts";
import type { V1Pod } from "../kube/cluster.ts";
import { isTerminating, podName } from "../kube/pods.ts";
import { answerOf, isPassing, isPutOff } from "../kube/retry.ts";
import { reasonOf } from "../kube/translate.ts";
import type { Target } from "../target.ts";
import type { SecurityProfile } from "./security_profile.ts";
import { profileText } from "./security_profile.ts";

/** Why a pod can have no new ephemeral container that would serve, whatever policy says. */
export function unfit(pod: V1Pod, { container }: Target): ScopeError | undefined {
  const name = podName(pod);
  if (pod.metadata?.annotations?.["kubernetes.io/config.mirror"] !== undefined) {
    return new ScopeError("unreachable", `Pod "${name}" is a static pod, which can have no ephemeral container`, {
      hint: "use --via node",
    });
  }
  if (container.id === "") {
    return doesNotRun(
      pod,
      container.name,
      "an ephemeral container shares its processes; --via node still reaches the pod's network",
    );
  }
  if (!isTerminating(pod)) return undefined;
  // The API server still takes one, and the kubelet never starts it.
  return new ScopeError("unreachable", `Pod "${name}" is being deleted, and starts no ephemeral container any more`, {
    hint: "use --via node",
  });
}

/** That a container of a pod has no process, with what its status says. */
export function doesNotRun(pod: V1Pod, container: string, hint: string): ScopeError {
  const state = pod.status?.containerStatuses?.find(({ name }) => name === container)?.state;
  const reason = state?.waiting?.reason ?? state?.terminated?.reason;
  const why = reason === undefined ? "" : ` (${reason})`;
  return new ScopeError("unreachable", `Container "${container}" of pod "${podName(pod)}" does not run${why}`, {
    hint,
  });
}

/** The cluster's refusal of an ephemeral container, with what to do about it. */
export function refusedProfile(error: ScopeError, pod: V1Pod, profile: SecurityProfile): ScopeError {
  if (error.kind !== "denied" || !(error instanceof ScopeError)) return error;
  const refused = `Cannot add an ephemeral container to pod "${podName(pod)}"`;
  if (/Pod Security/.test(error.message)) {
    return new ScopeError("denied", `${refused}: Pod Security forbids ${profileText(profile)} in this namespace`, {
      cause: error,
      hint: `use --via node with --debug-namespace NAME of a namespace that admits privileged pods`,
    });
  }
  return error;
}

/** Admission takes an ephemeral container, but with rights with which it would not do: nothing was added. */
export function changedProfile(pod: V1Pod, profile: SecurityProfile, changed: string): ScopeError {
  const what = `Cannot add an ephemeral container to pod "${podName(pod)}" as ${profileText(profile)}`;
  return new ScopeError("denied", `${what}: the cluster's admission changes its rights`, {
    hint: `use --via node, or have scope's containers left alone (${changed})`,
  });
}

/** What Pod Security has against a shape that it refused, in its own words; nothing where it was something else. */
export function policyOf({ message, cause }: ScopeError): string | undefined {
  if (!/Pod Security/.test(message)) return undefined;
  const said = /violates PodSecurity (.*)$/s.exec(reasonOf(cause instanceof ScopeError ? cause.cause : cause))?.[1];
  return `Pod Security ${said ?? "forbids it"}`;
}

/**
 * Whether a refused exec will be refused as long as nobody changes anything between here and the container. The API server's
 * own words on a pod may be others in a moment, as that it "does not have a host assigned".
 */
export function isHopeless(error: ScopeError): boolean {
  const answer = answerOf(error);
  if (answer === undefined || isPutOff(error) || isPassing(error)) return false;
  return !(error.kind === "unreachable" ? [408, 409] : [400, 404]).includes(answer.code);
}

/** Whether it is the pod that stands in the way, or what its cluster allows, and not that the cluster could not be asked. */
export function isObstacle({ kind, cause }: ScopeError): boolean {
  return kind === "denied" || (kind === "unreachable" && cause === undefined);
}
