import type { Context } from "../../context.ts";
import type { Event } from "../../event.ts";
import type { LogsPlan } from "./command.ts";
import { sayNotices } from "./log_notices.ts";
import { readLogs } from "./read_logs.ts";

/** Reads and follows logs, while the command of the request runs. Returns the command's exit code, if there is a command. */
export async function run(context: Context, { request, times }: LogsPlan, read = readLogs): Promise<number> {
  let exitCode: number | undefined;
  const watched = async function* (): AsyncIterable<Event> {
    const asked = request.all ? request : { ...request, query: await context.target(request.query) };
    for await (const event of events(context, asked)) {
      if (event.type === "command.ended") exitCode = event.exitCode;
      yield event;
    }
  };
  const events = async function* ({ options, notice }: Context, asked: LogsPlan["request"]): AsyncIterable<Event> {
    const cluster = await context.cluster();
    if (options.output === "json") return yield* read(cluster, asked, { onTerminal: false });
    // Output that a command writes to the terminal itself would be missing from the recording.
    const onTerminal = Deno.stdout.isTerminal() && options.record === undefined;
    yield* sayNotices(read(cluster, asked, { onTerminal }), notice);
  };
  const shown = await context.show(watched(), { times });
  // The exit code for a signal takes precedence over the command's exit code.
  return shown > 1 ? shown : exitCode ?? shown;
}
