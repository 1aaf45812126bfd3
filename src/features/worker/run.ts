import type { Context } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import type { Event } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import { meetWorkers } from "../../warm/waiting_workers.ts";
import type { WorkerAction } from "./command.ts";

/** Lists or ends the workers that wait on this machine. */
export async function run(context: Context, action: WorkerAction): Promise<number> {
  let found = 0;
  const events = async function* (): AsyncIterable<Event> {
    for await (const { pid, since, residentBytes, manager } of workers(action)) {
      found += 1;
      const seen = { pid, since, residentBytes, ...(manager === undefined ? {} : { manager }) };
      yield action === "end"
        ? { type: "worker.ended", time: now(), pid }
        : { type: "worker.waiting", time: now(), ...seen };
    }
  };
  const code = await context.show(events());
  if (found === 0 && context.options.output === "text") context.notice("no process waits for a command");
  return code;
}

async function* workers(action: WorkerAction) {
  try {
    yield* meetWorkers({ end: action === "end" });
  } catch (error) {
    throw new ScopeError("denied", "Cannot look for waiting processes", {
      cause: error,
      hint: error instanceof Error ? error.message : String(error),
    });
  }
}
