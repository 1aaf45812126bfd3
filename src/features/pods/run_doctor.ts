import type { Context } from "../../context.ts";
import type { Event } from "../../event.ts";
import { targetQuery } from "../../options.ts";
import { diagnose } from "./doctor.ts";
import { isWarm } from "../../warm/place.ts";
import type { CommandNeeds } from "./doctor_command.ts";

/** Reports for each command which way it could use, without creating anything. */
export async function run(context: Context, commands: readonly CommandNeeds[], look = diagnose): Promise<number> {
  const events = async function* (): AsyncIterable<Event> {
    yield* look(await context.cluster(), targetQuery(context.options), commands);
  };
  const code = await context.show(events());
  if (isWarm() && context.options.output === "text") {
    context.notice("a process waits on this machine to make the next command quick; scope worker list shows it");
  }
  return code;
}
