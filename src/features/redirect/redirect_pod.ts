import type { Event } from "../../event.ts";
import type { V1Pod } from "../../kube/cluster.ts";
import { podName } from "../../kube/pods.ts";
import type { RedirectCall, RedirectPlan } from "../../manager/client/redirect_plan.ts";
import type { Needs } from "../../way.ts";
import { withReconnect } from "../../connect/reconnect.ts";
import type { NamedPod } from "../../connect/reconnect.ts";
import type { ClusterContext } from "../../context.ts";
import { hasNodeNetwork } from "../../connect/redirect_trouble.ts";

/** What redir needs of the place that it works from: to tell which ports are a container's, it looks into its processes. */
export function redirectNeeds({ incoming, ownContainer }: RedirectPlan): Needs {
  return { capabilities: ["NET_ADMIN"], ...(incoming === "all" && ownContainer ? { files: true } : {}) };
}

/** What is the same for all pods and all connections of one run of the program. */
export type RedirectRun = Omit<RedirectCall, "signal">;

/** Throws ScopeError (usage) for a pod whose traffic is not its own. */
export function assertRedirectable(pod: V1Pod): void {
  if (pod.spec?.hostNetwork !== true) return;
  throw hasNodeNetwork(podName(pod));
}

/**
 * Redirects one pod until the signal is aborted, and comes back whenever the connection is lost.
 *
 * Throws ScopeError when it cannot begin, when the pod goes, and when somebody takes over.
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
