import { defined } from "../../lib/defined.ts";
import type { RunContext } from "../../context.ts";
import { Cycles } from "../../manager/client/cycles.ts";
import type { Event } from "../../event.ts";
import type { V1Pod } from "../../kube/cluster.ts";
import { portsOfPod } from "./pod_ports.ts";
import { type Selection, selectPods } from "../../kube/resolve.ts";
import type { RedirectPlan, RequestedRedirect } from "../../manager/client/redirect_plan.ts";
import { numberedPorts } from "./redirect_ports.ts";
import type { TargetQuery } from "../../target.ts";
import type { ClusterContext } from "../../context.ts";
import { namespaceOf } from "../../connect/enter.ts";
import { enterLocal } from "../../connect/enter_local.ts";
import { programAt } from "./local_program.ts";
import { redirectMatching } from "./redirect_matching.ts";
import { assertRedirectable, redirectNeeds, redirectPod } from "./redirect_pod.ts";
import type { RedirectRun } from "./redirect_pod.ts";
import { userAtHost } from "../../terminal/user.ts";

/** Redirects a pod of this machine. Throws ScopeError. */
export async function* redirectLocal(
  context: RunContext,
  query: TargetQuery,
  requested: RequestedRedirect,
): AsyncIterable<Event> {
  const { incoming } = requested, why = "without a cluster nobody knows the names of ports";
  const plan = { ...requested, incoming: incoming === "all" ? incoming : numberedPorts(incoming, why) };
  await using client = await enterLocal(context, query, redirectNeeds(plan));
  yield* client.redirect({ ...newRun(), plan, signal: AbortSignal.any([context.signal, client.targetGone]) });
}

/**
 * Redirects the pods of a query. A pod given by name ends the run with its own end. For a workload or a selector, new pods are
 * redirected and terminating ones are left.
 *
 * Throws ScopeError.
 */
export async function* redirectPods(
  context: ClusterContext,
  query: TargetQuery,
  requested: RequestedRedirect,
): AsyncIterable<Event> {
  const namespace = namespaceOf(context), { container } = query;
  const selection = await selectPods(context.cluster, namespace, query, { empty: true });
  const { pods, of, labels, wanted } = selection, planOf = planner(context, query, selection, requested);
  const run = newRun();
  if (labels !== undefined) {
    const now = pods.length === 0 ? "none now" : `${pods.length} now`;
    context.notice(`redirecting all pods of ${of}: ${now}, and those that come`);
    return yield* redirectMatching(
      context,
      {
        namespace,
        labels,
        ...defined({ container, wanted }),
      },
      (pod) => ({ ...run, plan: planOf(pod) }),
    );
  }
  const [pod] = pods;
  assertRedirectable(pod!);
  const name = { namespace, pod: pod!.metadata?.name ?? "", ...defined({ container }) };
  yield* redirectPod(context, name, { ...run, plan: planOf(pod!) }, context.signal);
}

/** Returns a function that finds the requested ports of a pod, and explains each service port once. */
function planner(
  { notice }: ClusterContext,
  { container }: TargetQuery,
  { of, ports: service }: Selection,
  requested: RequestedRedirect,
): (pod: V1Pod) => RedirectPlan {
  const noticed = new Set<string>();
  return (pod) => {
    const { incoming } = requested;
    if (incoming === "all") return { ...requested, incoming };
    const places = defined({ service, container });
    const ports = portsOfPod(incoming, pod, places);
    for (const [index, { port }] of incoming.entries()) {
      const found = ports[index]!.port, text = `port ${port} of ${of} is port ${found} of its pods`;
      if (service === undefined || port === found || noticed.has(text)) continue;
      noticed.add(text);
      notice(text);
    }
    return { ...requested, incoming: ports };
  };
}

/** Makes the part of a run that all its pods share. */
function newRun(): Omit<RedirectRun, "plan"> {
  return { owner: userAtHost(), session: crypto.randomUUID().slice(0, 8), cycles: new Cycles(programAt) };
}
