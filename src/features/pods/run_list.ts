import type { Context } from "../../context.ts";
import { makeDebugPods } from "./debug_pods.ts";
import type { ListPlan } from "./list_command.ts";

/** Lists everything that scope has created and that still exists. */
export async function run(context: Context, { everywhere }: ListPlan, make = makeDebugPods): Promise<number> {
  const found = await make(await context.cluster()).list(everywhere);
  if (found.length === 0 && context.options.output === "text") {
    const none = "there is nothing of scope's";
    context.notice(everywhere ? none : `${none} in this namespace; -A looks in all`);
  }
  return await context.show(found);
}
