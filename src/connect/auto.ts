import { defined } from "../lib/defined.ts";
import { ScopeError } from "../errors.ts";
import type { Cluster, V1Pod } from "../kube/cluster.ts";
import { sharedLimits } from "../kube/limits.ts";
import { podMemory } from "../kube/memory.ts";
import { isTerminating, podName } from "../kube/pods.ts";
import type { Target } from "../target.ts";
import type { Needs } from "../way.ts";
import type { EphemeralWay, Plan } from "./ephemeral.ts";
import { noRoom, whyNodeFirst } from "./way_rules.ts";
import type { NodeWay } from "./node.ts";
import type { ManagerEndpoint } from "./manager_endpoint.ts";
import { isObstacle } from "./refusal.ts";
import { profileText } from "./security_profile.ts";

/**
 * The way of `--via auto`. Prefers what runs already: a debug pod, then an ephemeral container that meets the needs.
 * Otherwise takes the least privileged way that meets the needs and that policy admits.
 */
export class AutoWay {
  constructor(
    private readonly cluster: Cluster,
    private readonly node: NodeWay,
    private readonly ephemeral: EphemeralWay,
    private readonly detail: (text: string) => void,
  ) {}

  /** Throws ScopeError: the obstacle of the way that was tried last; its hint names the obstacles of the others. */
  async reach(pod: V1Pod, target: Target, needs: Needs, signal: AbortSignal): Promise<ManagerEndpoint> {
    const running = await this.node.connectRunning(target, signal).catch((error: unknown) => {
      if (!(error instanceof ScopeError) || error.kind !== "denied") throw error;
      this.detail(`no debug pod: ${error.message}`);
    });
    if (running) return running;
    this.detail(`no debug pod runs on node "${target.node}"`);
    let ephemeral = await this.#planEphemeral(pod, target, needs);
    // With an unknown target user, an ephemeral container cannot protect the target's mounts.
    if (needs.inside === true && !(ephemeral instanceof ScopeError) && ephemeral.profile.confinedAsTarget) {
      needs = { ...needs, inside: "other" };
    }
    if (
      !(ephemeral instanceof ScopeError) && ephemeral.running !== undefined && !needs.nodePids &&
      needs.inside !== "other"
    ) {
      const reached = await this.#reachRunning(pod, target, ephemeral, signal);
      if (!(reached instanceof ScopeError)) return reached;
      ephemeral = reached;
    }
    if (ephemeral instanceof ScopeError) this.detail(`no ephemeral container: ${ephemeral.message}`);
    const memory = ephemeral instanceof ScopeError ? {} : await podMemory(this.cluster, pod);
    const reason = ephemeral instanceof ScopeError
      ? ephemeral.message
      : whyNodeFirst({ needs, memory, limits: sharedLimits(pod) });
    if (reason === undefined && !(ephemeral instanceof ScopeError)) {
      this.detail(`an ephemeral container is the least privileged that can do it: ${profileText(ephemeral.profile)}`);
      return await this.ephemeral.reach(pod, target, ephemeral, signal);
    }
    this.detail(ephemeral instanceof ScopeError ? "trying a debug pod" : `trying a debug pod: ${reason}`);
    try {
      return await this.node.reach(target, signal);
    } catch (error) {
      if (!(error instanceof ScopeError) || error.kind !== "denied") throw error;
      if (ephemeral instanceof ScopeError) throw joinedError(error, ephemeral);
      if (needs.nodePids) throw error;
      const shortage = noRoom(memory);
      if (shortage !== undefined) throw joinedError(error, noRoomError(pod, shortage));
      this.detail(`${error.message}: using an ephemeral container after all`);
      return await this.ephemeral.reach(pod, target, ephemeral, signal);
    }
  }

  /** Connects through the running container; returns the obstacle when the pod is being deleted and its status is stale. */
  async #reachRunning(
    pod: V1Pod,
    target: Target,
    plan: Plan,
    signal: AbortSignal,
  ): Promise<ManagerEndpoint | ScopeError> {
    try {
      return await this.ephemeral.reach(pod, target, plan, signal);
    } catch (error) {
      const unreachable = error instanceof ScopeError && error.kind === "unreachable";
      if (unreachable && isTerminating(pod) && isObstacle(error)) return error;
      throw error;
    }
  }

  /** Returns a feasible plan, or the obstacle as an error. */
  async #planEphemeral(pod: V1Pod, target: Target, needs: Needs): Promise<Plan | ScopeError> {
    try {
      return await this.ephemeral.plan(pod, target, needs);
    } catch (error) {
      // A failing API server does not justify a way with more rights.
      if (error instanceof ScopeError && isObstacle(error)) return error;
      throw error;
    }
  }
}

/** Returns the error for a pod without memory for an ephemeral container: `--via auto` never endangers the pod. */
function noRoomError(pod: V1Pod, shortage: string): ScopeError {
  return new ScopeError("denied", `Pod "${podName(pod)}" has no room for an ephemeral container: ${shortage}`);
}

/** Joins the errors of both ways into one. An ephemeral container that only lacks rights comes first: it needs the least. */
function joinedError(node: ScopeError, ephemeral: ScopeError): ScopeError {
  const [first, second] = ephemeral.missing === undefined ? [node, ephemeral] : [ephemeral, node];
  return new ScopeError("denied", first.message, {
    cause: first,
    hint: [
      ...first.hint === undefined ? [] : [first.hint],
      `nor is there another way: ${second.message}`,
      "scope doctor shows all of them",
    ].join("; "),
    ...defined({ missing: first.missing }),
  });
}
