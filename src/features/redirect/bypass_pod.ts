import type { RunContext } from "../../context.ts";
import type { BypassPlan } from "../../manager/client/bypass_plan.ts";
import { bypassNeeds } from "./bypass.ts";
import type { Event } from "../../event.ts";
import type { TargetQuery } from "../../target.ts";
import { withReconnect } from "../../connect/reconnect.ts";
import type { ClusterContext } from "../../context.ts";
import { findPod } from "../../connect/enter.ts";
import { enterLocal } from "../../connect/enter_local.ts";

/** Bypasses the sidecar of a pod of this machine. Throws ScopeError. */
export async function* bypassLocal(context: RunContext, query: TargetQuery, plan: BypassPlan): AsyncIterable<Event> {
  await using client = await enterLocal(context, query, bypassNeeds);
  yield* client.bypass({ plan, signal: AbortSignal.any([context.signal, client.targetGone]) });
}

/** Bypasses the sidecar of the query's only pod, and reconnects whenever the connection is lost. Throws ScopeError. */
export async function* bypassPod(context: ClusterContext, query: TargetQuery, plan: BypassPlan): AsyncIterable<Event> {
  const { target: { namespace, pod } } = await findPod(context, query, bypassNeeds);
  yield* withReconnect(context, { namespace, pod }, {
    gone: "choose a pod that runs, and run it again",
    needs: bypassNeeds,
    begin: (client, signal) => client.bypass({ plan, signal }),
    started: "bypass.started",
    lost: "bypass.lost",
    resumed: "bypass.resumed",
  }, context.signal);
}
