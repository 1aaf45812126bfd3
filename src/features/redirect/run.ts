import { defined } from "../../lib/defined.ts";
import type { Context } from "../../context.ts";
import type { Event } from "../../event.ts";
import { targetQuery } from "../../options.ts";
import { withSummary } from "../../runs/with_summary.ts";
import type { RedirCommandPlan } from "./command.ts";
import { redirectLocal, redirectPods } from "./redirect_pods.ts";
import { RedirTally } from "./redir_tally.ts";

/** Redirects until it is interrupted or the pods end. */
export async function run(context: Context, plan: RedirCommandPlan, redirect = redirected): Promise<number> {
  const live = async () => (await import("./redir_live.ts")).redirRenderer;
  return await context.show(withSummary(redirect(context, plan), new RedirTally()), { live });
}

async function* redirected(context: Context, { container, requested }: RedirCommandPlan): AsyncIterable<Event> {
  const query = { ...targetQuery(context.options), ...defined({ container }) };
  if (context.options.via === "local") return yield* redirectLocal(context, query, requested);
  const cluster = await context.cluster();
  yield* redirectPods(cluster, await context.target(query), requested);
}
