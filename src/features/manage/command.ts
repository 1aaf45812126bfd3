import { defined } from "../../lib/defined.ts";
import { defineCommand, flag, parsed, text } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import { needsValue, seconds } from "../../options.ts";
import type { Needs } from "../../way.ts";

/** The address at which scope serves other programs on this machine. */
export interface ServeOptions {
  /** Path of a unix socket; without it and without a port, a socket in a new directory. */
  socket?: string;
  /** TCP port on 127.0.0.1. */
  port?: number;
  /** Ends after this idle time; by default never. */
  idleMs?: number;
}

export interface ManagePlan {
  place: ServeOptions;
  /** Stays in the foreground even if stdout is a pipe. */
  foreground: boolean;
}

/** Requirements of the other commands, as far as policy grants them: the calls of clients are not known in advance. */
export const needs: Needs = { wanted: ["NET_ADMIN", "NET_RAW"], files: "wanted" };

export const manage = defineCommand({
  name: "manage",
  hidden: true,
  summary: "Serve the gRPC of the manager beside the target on this machine, for grpcurl and the like",
  needs,
  options: {
    socket: text("--socket <path>", "path of the unix socket (default: in a new directory of its own)", {
      values: "file",
    }),
    port: parsed(
      "--port <port>",
      "serve on 127.0.0.1 by TCP instead, for everybody on this machine",
      portNumber,
    ),
    foreground: flag(
      "--foreground",
      "go on until Ctrl-C where stdout is a pipe, too (default: in the background)",
    ),
    idle: parsed("--idle <seconds>", "end when nobody has used it for so long", seconds, { hidden: true }),
  },
  ownProcess: () => true,
  examples: [
    ["scope -n shop -p web manage", "prints what the manager runs in, and where it serves"],
    ["scope -n shop -p web manage --socket /tmp/web.sock", "then: grpcurl -plaintext -unix /tmp/web.sock list"],
  ],
  plan({ socket, port, foreground, idle }, _args, { via }): ManagePlan {
    if (via === "local") {
      throw new ScopeError("usage", 'Command "manage" does not go with --via local', {
        hint: "on this machine, scope starts a manager for itself alone; use --via node or --via ephemeral",
      });
    }
    if (socket === "") throw needsValue("--socket");
    if (socket !== undefined && port !== undefined) {
      throw new ScopeError("usage", "Options --socket and --port do not go together", { hint: "give one of them" });
    }
    return {
      foreground,
      place: {
        ...defined({ socket, port }),
        ...(idle === undefined ? {} : { idleMs: idle * 1000 }),
      },
    };
  },
  load: () => import("./run.ts"),
});

/** Parses a port number. Throws ScopeError (usage). */
function portNumber(option: string, text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text) && Number(text) < 65536) return Number(text);
  throw new ScopeError("usage", `Option --${option} cannot be "${text}"`, { hint: "it is a number from 1 to 65535" });
}
