import type { Command } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import type { Event } from "../../event.ts";
import { type LogRequest, parseGrep, parseSince } from "./request.ts";
import type { GlobalOptions, RawOptions } from "../../options.ts";
import { count, targetQuery } from "../../options.ts";

export const logs: Command = {
  name: "logs",
  summary: "Follow the logs of pods, while a command runs on this machine where one is given",
  arguments: "[pod] [container] [--] [command...]",
  argumentValues: ["pod", []],
  separator: true,
  asks: ["target", "logs"],
  anyPod: true,
  options: [
    { flags: "-a, --all", description: "all pods of the namespace" },
    {
      flags: "-c, --container <name>",
      description: "this container (default: all of the pod)",
      values: "container",
    },
    { flags: "--since <time>", description: "only lines that are not older, for example 30s, 5m or 2h" },
    {
      flags: "--tail <n>",
      description:
        "how many lines of each container to begin with, -1 for all (default: all of one pod, 10 of several, 0 with a command)",
    },
    { flags: "--timestamps", description: "with the time of each line" },
    { flags: "--grep <regexp>", description: "only lines that match; (?i) at its start: in upper or lower case" },
    { flags: "-f, --follow", description: "go on with what comes, also of pods that start later (the default)" },
    { flags: "--no-follow", description: "print what is there, in the order of time, and end" },
    { flags: "--previous", description: "of the containers that ran before the last restart, and end" },
  ],
  examples: [
    ["scope -p web logs", "all containers of a pod, or of all pods of the workload web"],
    ["scope logs deploy/web api --since 5m", "one container of all its pods"],
    ["scope logs -a --grep 'ERROR|panic'", "what goes wrong in the namespace"],
    ["scope logs -l app=web -- curl http://web.example/", "what a request causes"],
  ],
  async run(context, options, args) {
    const request = requestOf(context.options, options, args);
    let exitCode: number | undefined;
    const watched = async function* (): AsyncIterable<Event> {
      for await (const event of context.logs(request)) {
        if (event.type === "command.ended") exitCode = event.exitCode;
        yield event;
      }
    };
    const shown = await context.show(watched(), options.timestamps === true ? "times" : "text");
    // A signal says more than how the command ended.
    return shown > 1 ? shown : exitCode ?? shown;
  },
};

/** What the command line asks for. Throws ScopeError (usage). */
function requestOf(globals: GlobalOptions, options: RawOptions, args: readonly string[]): LogRequest {
  const { all = false, since, tail, grep, previous = false, container } = options;
  const { pod, containerArgument, command } = split(args, globals.targetGiven || all === true);
  if (all === true && globals.targetGiven) {
    throw new ScopeError("usage", "Option --all excludes --pod and --selector", { hint: "give one of them" });
  }
  if (containerArgument !== undefined && container !== undefined) {
    throw new ScopeError("usage", `Container "${containerArgument}" and option --container exclude each other`, {
      hint: "give one of them; a command stands behind --",
    });
  }
  const follow = options.follow !== false && previous !== true;
  if (command !== undefined && !follow) {
    const option = previous === true ? "--previous" : "--no-follow";
    throw new ScopeError("usage", `Option ${option} cannot be given with a command`, {
      hint: "the logs are followed as long as the command runs",
    });
  }
  const chosen = typeof container === "string" ? container : containerArgument;
  if (chosen === "") {
    throw new ScopeError("usage", "Option --container needs a value", { hint: "give one after it, or leave it out" });
  }
  const query = pod === undefined ? targetQuery(globals) : withoutTarget(globals, pod);
  return {
    query: { ...query, ...(chosen === undefined ? {} : { container: chosen }) },
    all: all === true,
    follow,
    previous: previous === true,
    ...(typeof since === "string" ? { sinceSeconds: parseSince(since) } : {}),
    ...(typeof tail === "string" ? { tail: lines(tail) } : {}),
    ...(typeof grep === "string" ? { grep: parseGrep(grep) } : {}),
    ...(command === undefined ? {} : { command }),
  };
}

/** A target that is named on the command line replaces that of variables and files. */
function withoutTarget({ container }: GlobalOptions, pod: string) {
  return { pod, ...(container === undefined ? {} : { container }) };
}

/** Throws ScopeError (usage). */
function lines(text: string): number | "all" {
  if (text === "-1") return "all"; // as kubectl has it
  try {
    return count("tail", text);
  } catch (error) {
    if (!(error instanceof ScopeError)) throw error;
    throw new ScopeError("usage", error.message, {
      hint: "it is a whole number of lines, for example 20, 0 for none or -1 for all",
    });
  }
}

/** Where an option says whose logs are meant, all words are the command: kdiag's users leave out the --. */
function split(
  args: readonly string[],
  targetGiven: boolean,
): { pod?: string; containerArgument?: string; command?: readonly string[] } {
  const at = args.indexOf("--"),
    behind = at < 0 ? undefined : args.slice(at + 1),
    before = at < 0 ? args : args.slice(0, at);
  if (behind?.length === 0) {
    throw new ScopeError("usage", "Nothing says which command to run", { hint: "it stands behind the --" });
  }
  if (targetGiven && behind === undefined) return before.length === 0 ? {} : { command: before };
  const [pod, containerArgument] = before;
  if (targetGiven ? before.length > 0 : before.length > 2) {
    const given = (targetGiven ? before : before.slice(2)).map((word) => `"${word}"`).join(" ");
    throw new ScopeError("usage", `Command "logs" cannot take ${given}`, {
      hint: "it takes a pod and a container, or an option that says which; a command stands behind --",
    });
  }
  return {
    ...(pod === undefined ? {} : { pod }),
    ...(containerArgument === undefined ? {} : { containerArgument }),
    ...(behind === undefined ? {} : { command: behind }),
  };
}
