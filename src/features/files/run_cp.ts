import type { Context } from "../../context.ts";
import type { Event } from "../../event.ts";
import { copyFiles } from "./copy_files.ts";
import { type CpPlan, needs } from "./cp_command.ts";

/** Copies files. Returns 1 if one of several files failed. */
export async function run(context: Context, { query, request }: CpPlan, copy = copyFiles): Promise<number> {
  const { options: { output, terminate }, signal, notice } = context;
  await using client = await context.enter(query, needs);
  const events = copy(client, request, { signal, notice, progress: output === "text", terminate });
  return await context.show(shown(context, events));
}

/** Leaves out the events of single files, unless the output is JSON or -v is given. */
async function* shown({ options: { output, verbose } }: Context, events: AsyncIterable<Event>): AsyncIterable<Event> {
  for await (const event of events) if (output === "json" || verbose || event.type !== "cp.file") yield event;
}
