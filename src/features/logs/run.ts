import type { Context } from "../../context.ts";
import type { Event } from "../../event.ts";
import type { LogsPlan } from "./command.ts";
import { sayNotices } from "./log_notices.ts";
import { readLogs } from "./read_logs.ts";
import type { LogRequest } from "./request.ts";
import { userProcess } from "../../terminal/user_process.ts";

/** Reads and follows logs, while the command of the request runs. Returns the command's exit code, if there is a command. */
export async function run(context: Context, { request, times }: LogsPlan, read = readLogs): Promise<number> {
  let exitCode: number | undefined;
  const watched = async function* (): AsyncIterable<Event> {
    for await (const event of events(context, request, read)) {
      if (event.type === "command.ended") exitCode = event.exitCode;
      yield event;
    }
  };
  const shown = await context.show(watched(), { times });
  // The exit code for a signal takes precedence over the command's exit code.
  return shown > 1 ? shown : exitCode ?? shown;
}

/** Yields the events that belong on stdout. With text output, the others are said on stderr. */
async function* events(context: Context, request: LogRequest, read: typeof readLogs): AsyncIterable<Event> {
  const { options, notice } = context;
  const asked = request.all ? request : { ...request, query: await context.target(request.query) };
  const cluster = await context.cluster();
  if (options.output === "json") return yield* read(cluster, asked, { onTerminal: false });
  // A recording leaves out the output that a command writes to the terminal itself.
  const onTerminal = userProcess().stdout.isTerminal() && options.record === undefined;
  yield* sayNotices(read(cluster, asked, { onTerminal }), notice);
}
