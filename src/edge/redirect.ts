import { Cycles } from "../cycles.ts";
import type { Event } from "../event.ts";
import { selectPods } from "../kube/resolve.ts";
import type { RedirectPlan } from "../redirect.ts";
import type { TargetQuery } from "../target.ts";
import type { EnterContext } from "./enter.ts";
import { namespaceOf } from "./enter.ts";
import { enterLocal } from "./enter_local.ts";
import type { LocalContext } from "./enter_local.ts";
import { programAt } from "./local_program.ts";
import { redirectMatching } from "./redirect_matching.ts";
import { assertRedirectable, redirectNeeds, redirectPod } from "./redirect_pod.ts";
import type { RedirectRun } from "./redirect_pod.ts";
import { userAtHost } from "./user.ts";

/** Redirects a pod of this machine. Throws ScopeError. */
export async function* redirectHere(
  context: LocalContext,
  query: TargetQuery,
  plan: RedirectPlan,
): AsyncIterable<Event> {
  await using beside = await enterLocal(context, query, redirectNeeds(plan));
  yield* beside.redirect({ ...runOf(plan), signal: AbortSignal.any([context.signal, beside.lost]) });
}

/**
 * Redirects the pods of a query. One that was given by its name ends all with its own end; of a workload or a selector
 * those that come are taken and those that go are left.
 *
 * Throws ScopeError.
 */
export async function* redirectPods(
  context: EnterContext,
  query: TargetQuery,
  plan: RedirectPlan,
): AsyncIterable<Event> {
  const namespace = namespaceOf(context), { container } = query;
  const { pods, of, labels } = await selectPods(context.cluster, namespace, query);
  if (labels !== undefined) {
    context.say(`redirecting all pods of ${of}: ${pods.length} now, and those that come`);
    return yield* redirectMatching(
      context,
      { namespace, labels, ...(container === undefined ? {} : { container }) },
      runOf(plan),
    );
  }
  const [pod] = pods;
  assertRedirectable(pod!);
  const name = { namespace, pod: pod!.metadata?.name ?? "", ...(container === undefined ? {} : { container }) };
  yield* redirectPod(context, name, runOf(plan), context.signal);
}

function runOf(plan: RedirectPlan): RedirectRun {
  return { plan, owner: userAtHost(), session: crypto.randomUUID().slice(0, 8), cycles: new Cycles(programAt) };
}
