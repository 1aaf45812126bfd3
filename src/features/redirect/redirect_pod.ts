import type { Event } from "../../event.ts";
import type { V1Pod } from "../../kube/cluster.ts";
import { podName } from "../../kube/pods.ts";
import type { RedirectCall, RedirectPlan } from "../../manager/client/redirect_plan.ts";
import type { Needs } from "../../way.ts";
import { withReconnect } from "../../connect/reconnect.ts";
import type { NamedPod } from "../../connect/reconnect.ts";
import type { ClusterContext } from "../../context.ts";
import { hasNodeNetwork } from "../../connect/redirect_trouble.ts";

/**
 * Returns the requirements of redir on the way to the target: to find the ports of a single container, it inspects its
 * processes.
 */
export function redirectNeeds({ incoming, ownContainer }: RedirectPlan): Needs {
  return { capabilities: ["NET_ADMIN"], ...(incoming === "all" && ownContainer ? { files: true } : {}) };
}

/** The part of a redirect that all pods and connections of one run of the program share. */
export type RedirectRun = Omit<RedirectCall, "signal">;

/** Throws ScopeError (usage) for a pod with `hostNetwork`: the rules would catch the whole node's traffic. */
export function assertRedirectable(pod: V1Pod): void {
  if (pod.spec?.hostNetwork !== true) return;
  throw hasNodeNetwork(podName(pod));
}

/**
 * Redirects one pod until the signal is aborted, and reconnects whenever the connection is lost.
 *
 * Throws ScopeError if it cannot start, when the pod goes, and when somebody else takes over.
 */
export async function* redirectPod(
  context: ClusterContext,
  pod: NamedPod,
  run: RedirectRun,
  signal: AbortSignal,
): AsyncIterable<Event> {
  yield* withReconnect(context, pod, {
    gone: "choose a pod that runs; with -l or TYPE/NAME scope follows those that come",
    needs: redirectNeeds(run.plan),
    begin: (client, signal) => client.redirect({ ...run, signal }),
    started: "redir.started",
    lost: "redir.lost",
    resumed: "redir.resumed",
  }, signal);
}
