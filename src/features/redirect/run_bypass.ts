import { onAbort } from "../../lib/on_abort.ts";
import type { Context, TargetClient } from "../../context.ts";
import type { Event } from "../../event.ts";
import type { BypassPlan } from "../../manager/client/bypass_plan.ts";
import { targetQuery } from "../../options.ts";
import { sessionProgram } from "../../runs/session.ts";
import { shellNeeds } from "../../runs/shell_needs.ts";
import { withSummary } from "../../runs/with_summary.ts";
import { bypassKeptText, bypassNeeds, bypassStartedText, bypassSummaryText } from "./bypass.ts";
import type { BypassCommandPlan } from "./bypass_command.ts";
import { bypassLocal, bypassPod } from "./bypass_pod.ts";
import { BypassTally } from "./bypass_tally.ts";

/** Bypasses the sidecar until it is interrupted, or while the command runs, whose exit code it returns. */
export async function run(context: Context, { plan, command }: BypassCommandPlan, bypass = bypassed): Promise<number> {
  if (command.length === 0) return await context.show(withSummary(bypass(context, plan), new BypassTally()));
  const { files, ...needs } = shellNeeds(command);
  const capabilities = [...new Set([...bypassNeeds.capabilities, ...needs.capabilities ?? []])];
  await using client = await context.enter(targetQuery(context.options), {
    ...needs,
    ...bypassNeeds,
    capabilities,
    // Optional file access is left out: it would only be one more right.
    ...(files === true ? { files } : {}),
  });
  const code = await whileBypassed(
    context,
    client,
    plan,
    () => context.attach(client.run({ ...sessionProgram(context, command), namespaces: ["net", "pid", "uts", "ipc"] })),
  );
  if (client.targetGone.aborted) throw client.targetGone.reason;
  return code;
}

async function* bypassed(context: Context, plan: BypassPlan): AsyncIterable<Event> {
  const query = targetQuery(context.options);
  if (context.options.via === "local") return yield* bypassLocal(context, query, plan);
  const cluster = await context.cluster();
  yield* bypassPod(cluster, await context.target(query), plan);
}

/** Runs `body` while the sidecar is bypassed. Notices about the bypass go to stderr. Throws ScopeError. */
async function whileBypassed(
  context: Pick<Context, "notice" | "signal">,
  client: TargetClient,
  plan: BypassPlan,
  body: () => Promise<number>,
): Promise<number> {
  const done = new AbortController(), begun = Promise.withResolvers<void>();
  const keepBypassed = async () => {
    for await (const event of withSummary(client.bypass({ plan, signal: done.signal }), new BypassTally())) {
      if (event.type === "bypass.started") {
        const texts = [`${bypassStartedText(event)} while the command runs`, bypassKeptText(event.kept)];
        for (const text of texts) if (text !== undefined) context.notice(text);
        begun.resolve();
      } else if (event.type === "bypass.summary") context.notice(bypassSummaryText(event));
    }
  };
  const bypassing = keepBypassed();
  // Before `done` is aborted, the bypass ends only if it failed.
  const failed = bypassing.then(() => Promise.reject(new Error("the bypass has ended")));
  failed.catch(() => {});
  try {
    {
      // Once the bypass has begun, the command handles the interrupt.
      using _abort = onAbort(context.signal, () => done.abort());
      await Promise.race([begun.promise, failed]);
    }
    return await Promise.race([body(), failed]);
  } finally {
    done.abort();
    await bypassing.catch(() => {});
  }
}
