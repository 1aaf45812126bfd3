import type { Beside } from "../context.ts";
import type { ManagerConnection } from "../manager/client.ts";
import type { TargetQuery } from "../target.ts";
import type { Needs } from "../way.ts";
import type { Reached } from "../ways/reached.ts";
import { makeBeside } from "./beside.ts";
import type { EnterContext } from "./enter.ts";
import { enter, watchTarget } from "./enter.ts";

/** Goes beside a target. Disposing lets go of it, and with `--terminate` removes the debug pod if this run made it. */
export async function enterBeside(
  context: EnterContext,
  query: TargetQuery,
  needs: Needs,
): Promise<Beside> {
  const { target, passage, connection } = await enter(context, query, needs);
  context.explain(`beside "${target.namespace}/${target.pod}" through ${passage.place}`);
  const ended = new AbortController();
  return makeBeside({
    target,
    connection,
    passage,
    watch: () => watchTarget(context, target, ended.signal),
    async dispose() {
      ended.abort();
      await letGo(context, passage, connection);
    },
  });
}

/** Ends a connection, and with `--terminate` what its manager runs in, if this run made that. */
export async function letGo(context: EnterContext, passage: Reached, connection: ManagerConnection): Promise<void> {
  const terminate = context.options.terminate && passage.created;
  // Another client may have come to use it, too: then it stays for that one.
  const { ending } = terminate
    ? await connection.calls.shutdown({}, { timeoutMs: 2000 }).catch(() => ({ ending: true }))
    : { ending: true };
  await connection[Symbol.asyncDispose]();
  if (!ending) return context.say(`${passage.place} stays: others use it`);
  // What failed before is what the command ends with.
  if (terminate) {
    await passage.remove?.().catch(({ message }) => context.say(`cannot remove ${passage.place}: ${message}`));
  }
}
