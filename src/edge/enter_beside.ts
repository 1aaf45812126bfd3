import type { Beside } from "../context.ts";
import type { TargetQuery } from "../target.ts";
import type { Needs } from "../way.ts";
import { makeBeside } from "./beside.ts";
import type { EnterContext } from "./enter.ts";
import { enter, watchTarget } from "./enter.ts";

/** Goes beside a target. Disposing lets go of it, and with `--terminate` removes the debug pod if this run made it. */
export async function enterBeside(
  context: EnterContext,
  query: TargetQuery,
  _needs: Needs,
  explain: (text: string) => void,
): Promise<Beside> {
  const { target, passage, connection } = await enter(context, query);
  explain(`beside "${target.namespace}/${target.pod}" through ${passage.place}`);
  const ended = new AbortController();
  return makeBeside({
    target,
    connection,
    passage,
    watch: () => watchTarget(context, target, ended.signal),
    async dispose() {
      ended.abort();
      // Another client may have come to use it, too: then it stays for that one.
      const others = context.options.terminate && passage.created
        ? await connection.calls.info({}, { timeoutMs: 2000 }).then(({ clients }) => clients - 1, () => 0)
        : 0;
      await connection[Symbol.asyncDispose]();
      if (!context.options.terminate || !passage.created) return;
      if (others > 0) return context.say(`${passage.place} stays: ${others} more use it`);
      // What failed before is what the command ends with.
      await passage.remove().catch(({ message }) => context.say(`cannot remove ${passage.place}: ${message}`));
    },
  });
}
