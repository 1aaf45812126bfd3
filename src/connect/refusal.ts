import { ScopeError } from "../errors.ts";
import type { V1Pod } from "../kube/cluster.ts";
import { isTerminating, podName } from "../kube/pods.ts";
import { answerOf, isPassing, isPutOff } from "../kube/retry.ts";
import { reasonOf } from "../kube/translate.ts";
import type { Target } from "../target.ts";
import type { SecurityProfile } from "./security_profile.ts";
import { profileText } from "./security_profile.ts";

/** Returns why no new ephemeral container can serve in a pod, regardless of policy; undefined when one can. */
export function obstacleFor(pod: V1Pod, { container }: Target): ScopeError | undefined {
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
  // The API server still accepts the container, but the kubelet never starts it.
  return new ScopeError("unreachable", `Pod "${name}" is being deleted, and starts no ephemeral container any more`, {
    hint: "use --via node",
  });
}

/** Returns the error for a container that does not run, with the reason from its status. */
export function doesNotRun(pod: V1Pod, container: string, hint: string): ScopeError {
  const state = pod.status?.containerStatuses?.find(({ name }) => name === container)?.state;
  const reason = state?.waiting?.reason ?? state?.terminated?.reason;
  const why = reason === undefined ? "" : ` (${reason})`;
  return new ScopeError("unreachable", `Container "${container}" of pod "${podName(pod)}" does not run${why}`, {
    hint,
  });
}

/** Returns the cluster's refusal of an ephemeral container, with a hint when Pod Security caused it. */
export function refusedProfile(error: ScopeError, pod: V1Pod, profile: SecurityProfile): ScopeError {
  if (error.reason !== "podSecurity") return error;
  return new ScopeError("denied", `Pod Security forbids ${profileText(profile)} in this namespace`, {
    task: `add an ephemeral container to pod "${podName(pod)}"`,
    reason: "podSecurity",
    cause: error,
    hint: `use --via node with --debug-namespace NAME of a namespace that admits privileged pods`,
  });
}

/** Returns the error for an ephemeral container that admission would accept only with too few rights; none was added. */
export function changedProfile(pod: V1Pod, profile: SecurityProfile, changed: string): ScopeError {
  const what = `Cannot add an ephemeral container to pod "${podName(pod)}" as ${profileText(profile)}`;
  return new ScopeError("denied", `${what}: the cluster's admission changes its rights`, {
    hint: `use --via node, or have scope's containers left alone (${changed})`,
  });
}

/** Returns the violations that Pod Security names in a refusal of a profile; undefined for other refusals. */
export function policyOf(error: ScopeError): string | undefined {
  if (error.reason !== "podSecurity") return undefined;
  const violations = /violates PodSecurity (.*)$/s.exec(reasonOf(error))?.[1];
  return `Pod Security ${violations ?? "forbids it"}`;
}

/**
 * Returns true for a refusal of exec that repeating cannot mend. A refusal because of the pod's current state can pass, for
 * example that it "does not have a host assigned".
 */
export function isHopeless(error: ScopeError): boolean {
  const answer = answerOf(error);
  if (answer === undefined || isPutOff(error) || isPassing(error)) return false;
  return !(error.kind === "unreachable" ? [408, 409] : [400, 404]).includes(answer.code);
}

/** Returns true when the pod or the cluster's policy is the obstacle; false when the cluster could not be asked. */
export function isObstacle({ kind, cause }: ScopeError): boolean {
  return kind === "denied" || (kind === "unreachable" && cause === undefined);
}
