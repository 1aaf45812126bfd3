import type { Context } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import type { Event } from "../../event.ts";
import { targetQuery } from "../../options.ts";
import { runInBackground } from "../../terminal/background.ts";
import { isPiped } from "../../terminal/piped.ts";
import { type ManagePlan, needs } from "./command.ts";
import { serve } from "./serve.ts";

/** Idle limit in the background, in seconds, as for an unused manager. */
const idleSeconds = 600;

/** Dependencies that tests replace. */
interface Ports {
  serve(...call: Parameters<typeof serve>): AsyncIterable<Event>;
  runInBackground: typeof runInBackground;
  isPiped(): boolean;
}

const real: Ports = { serve, runInBackground, isPiped };

/** Serves until it is interrupted. If stdout is a pipe, it serves from a process of its own and returns once that is ready. */
export async function run(context: Context, { place, foreground }: ManagePlan, ports = real): Promise<number> {
  const { options, notice } = context;
  // A reader of the pipe waits for its end: NAME=$(scope … manage | cut -d' ' -f1).
  if (ports.isPiped() && !foreground) return await inBackground(context, ports.runInBackground);
  if (place.port !== undefined) {
    notice(
      `anybody on this machine who can connect to 127.0.0.1:${place.port} gets this manager, and all that it may do`,
    );
  }
  const events = async function* (): AsyncIterable<Event> {
    const cluster = await context.cluster();
    yield* ports.serve(cluster, await context.target(targetQuery(options)), needs, place);
  };
  return await context.show(events());
}

async function inBackground(context: Context, start: typeof runInBackground): Promise<number> {
  const { options, signal, notice } = context;
  if (options.record !== undefined) {
    throw new ScopeError("usage", "Option --record cannot record what goes on in the background", {
      hint: "give --foreground, too",
    });
  }
  const started = await start(["--foreground", "--idle", String(idleSeconds)], signal);
  // The process ended because this run was interrupted.
  if ("exitCode" in started) return context.interrupted ?? started.exitCode;
  const { pid, line } = started;
  const address = options.output === "json" ? JSON.parse(line).address : line.slice(line.indexOf(" ") + 1);
  notice(
    `serving at ${address} in the background, until nobody has used it for ${idleSeconds / 60} minutes; ` +
      `kill ${pid} ends it`,
  );
  return 0;
}
