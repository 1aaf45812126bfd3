import type { Command } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import { needsValue, seconds, targetQuery } from "../../options.ts";
import type { Needs } from "../../way.ts";

/** What its callers will do with it is not known: what the other commands ask for, where policy lets it have that. */
const needs: Needs = { wanted: ["NET_ADMIN", "NET_RAW"], files: "wanted" };

/** As a manager that nobody uses ends by itself. */
const idleSeconds = 600;

export const manage: Command = {
  name: "manage",
  hidden: true,
  summary: "Serve the gRPC of the manager beside the target on this machine, for grpcurl and the like",
  needs,
  options: [
    {
      flags: "--socket <path>",
      description: "path of the unix socket (default: in a new folder of its own)",
      values: "file",
    },
    { flags: "--port <port>", description: "serve on 127.0.0.1 by TCP instead, for everybody on this machine" },
    {
      flags: "--foreground",
      description: "go on until Ctrl-C where stdout is a pipe, too (default: in the background)",
    },
    { flags: "--idle <seconds>", description: "end when nobody has used it for so long", hidden: true },
  ],
  examples: [
    ["scope -n shop -p web manage", "prints what the manager runs in, and where it serves"],
    ["scope -n shop -p web manage --socket /tmp/web.sock", "then: grpcurl -plaintext -unix /tmp/web.sock list"],
  ],
  async run(context, { socket, port, foreground, idle }) {
    if (context.options.via === "local") {
      throw new ScopeError("usage", 'Command "manage" does not go with --via local', {
        hint: "on this machine, scope starts a manager for itself alone; use --via node or --via ephemeral",
      });
    }
    if (socket === "") throw needsValue("--socket");
    if (socket !== undefined && port !== undefined) {
      throw new ScopeError("usage", "Options --socket and --port do not go together", { hint: "give one of them" });
    }
    const place = {
      ...(typeof socket === "string" ? { socket } : {}),
      ...(typeof port === "string" ? { port: portNumber(port) } : {}),
      ...(typeof idle === "string" ? { idleMs: seconds("idle", idle) * 1000 } : {}),
    };
    if (context.piped && foreground !== true) {
      // Whoever reads the name from a pipe waits for its end: NAME=$(scope … manage | cut -d' ' -f1).
      const started = await context.background(["--foreground", "--idle", String(idleSeconds)]);
      if ("exitCode" in started) return started.exitCode;
      const { pid, line } = started;
      const address = context.options.output === "json" ? JSON.parse(line).address : line.slice(line.indexOf(" ") + 1);
      context.say(
        `serving at ${address} in the background, until nobody has used it for ${idleSeconds / 60} minutes; ` +
          `kill ${pid} ends it`,
      );
      return 0;
    }
    if (place.port !== undefined) {
      context.say(
        `anybody on this machine who can connect to 127.0.0.1:${place.port} gets this manager, and all that it may do`,
      );
    }
    return await context.show(context.manage(targetQuery(context.options), needs, place));
  },
};

/** Throws ScopeError (usage). */
function portNumber(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text) && Number(text) < 65536) return Number(text);
  throw new ScopeError("usage", `Option --port cannot be "${text}"`, { hint: "it is a number from 1 to 65535" });
}
