import type { Context } from "../../context.ts";
import type { Event } from "../../event.ts";
import { targetQuery } from "../../options.ts";
import { diagnose } from "./doctor.ts";
import type { CommandNeeds } from "./doctor_command.ts";

/** Reports for each command which way it could use, without creating anything. */
export async function run(context: Context, commands: readonly CommandNeeds[], look = diagnose): Promise<number> {
  const events = async function* (): AsyncIterable<Event> {
    yield* look(await context.cluster(), targetQuery(context.options), commands);
  };
  return await context.show(events());
}
