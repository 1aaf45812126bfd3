import { defined } from "../../lib/defined.ts";
import { defineCommand, flag, type OptionValues, parsed, text } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import type { GlobalOptions } from "../../options.ts";
import { count, targetQuery } from "../../options.ts";
import { type LogRequest, parseGrep, parseSince } from "./request.ts";

export interface LogsPlan {
  request: LogRequest;
  times: boolean;
}

const options = {
  all: flag("-a, --all", "all pods of the namespace"),
  container: text("-c, --container <name>", "this container (default: all of the pod)", { values: "container" }),
  since: parsed(
    "--since <time>",
    "only lines that are not older, for example 30s, 5m or 2h",
    (_option, text) => parseSince(text),
  ),
  tail: parsed(
    "--tail <n>",
    "how many lines of each container to begin with, -1 for all (default: all of one pod, 10 of several, 0 with a command)",
    lines,
  ),
  timestamps: flag("--timestamps", "with the time of each line"),
  grep: parsed(
    "--grep <regexp>",
    "only lines that match; (?i) at its start: in upper or lower case",
    (_option, text) => parseGrep(text),
  ),
  follow: flag("-f, --follow", "go on with what comes, also of pods that start later (the default)"),
  noFollow: flag("--no-follow", "print what is there, in the order of time, and end"),
  previous: flag("--previous", "of the containers that ran before the last restart, and end"),
};
type Given = OptionValues<typeof options>;

export const logs = defineCommand({
  name: "logs",
  summary: "Follow the logs of pods, while a command runs on this machine where one is given",
  arguments: "[pod] [container] [--] [command...]",
  argumentValues: ["pod", []],
  separator: true,
  ownProcess: (args) => args.includes("--"),
  permissions: ["target", "logs"],
  anyPod: true,
  options,
  examples: [
    ["scope -p web logs", "all containers of a pod, or of all pods of the workload web"],
    ["scope logs deploy/web api --since 5m", "one container of all its pods"],
    ["scope logs -a --grep 'ERROR|panic'", "what goes wrong in the namespace"],
    ["scope logs -l app=web -- curl http://web.example/", "what a request causes"],
  ],
  plan: (given, args, globals): LogsPlan => ({ request: requestOf(globals, given, args), times: given.timestamps }),
  load: () => import("./run.ts"),
});

/** Builds the request from the command line. Throws ScopeError (usage). */
function requestOf(globals: GlobalOptions, options: Given, args: readonly string[]): LogRequest {
  const { all, since, tail, grep, previous, container } = options;
  const { pod, containerArgument, command } = split(args, globals.targetGiven || all);
  if (all && globals.targetGiven) {
    throw new ScopeError("usage", "Option --all excludes --pod and --selector", { hint: "give one of them" });
  }
  if (containerArgument !== undefined && container !== undefined) {
    throw new ScopeError("usage", `Container "${containerArgument}" and option --container exclude each other`, {
      hint: "give one of them; a command stands behind --",
    });
  }
  const follow = !options.noFollow && !previous;
  if (command !== undefined && !follow) {
    const option = previous ? "--previous" : "--no-follow";
    throw new ScopeError("usage", `Option ${option} cannot be given with a command`, {
      hint: "the logs are followed as long as the command runs",
    });
  }
  const chosen = container ?? containerArgument;
  if (chosen === "") {
    throw new ScopeError("usage", "Option --container needs a value", { hint: "give one after it, or leave it out" });
  }
  const query = pod === undefined ? targetQuery(globals) : withoutTarget(globals, pod);
  return {
    query: { ...query, ...defined({ container: chosen }) },
    ...{ all, follow, previous },
    ...defined({ sinceSeconds: since, tail, grep, command }),
  };
}

/** Builds the query for a pod argument. It replaces the target set by environment variables and files. */
function withoutTarget({ container }: GlobalOptions, pod: string) {
  return { pod, ...defined({ container }) };
}

/** Parses the value of `--tail`. Throws ScopeError (usage). */
function lines(option: string, text: string): number | "all" {
  if (text === "-1") return "all"; // as in kubectl
  try {
    return count(option, text);
  } catch (error) {
    if (!(error instanceof ScopeError)) throw error;
    throw new ScopeError("usage", error.message, {
      hint: "it is a whole number of lines, for example 20, 0 for none or -1 for all",
    });
  }
}

/**
 * Splits the arguments into pod, container and command. If an option selects the target, all arguments are the command:
 * users of kdiag leave out the `--`.
 */
function split(
  args: readonly string[],
  targetGiven: boolean,
): { pod?: string; containerArgument?: string; command?: readonly string[] } {
  const at = args.indexOf("--"),
    behind = at < 0 ? undefined : args.slice(at + 1),
    before = at < 0 ? args : args.slice(0, at);
  if (behind?.length === 0) {
    throw new ScopeError("usage", "No command specified", { hint: "it stands behind the --" });
  }
  if (targetGiven && behind === undefined) return before.length === 0 ? {} : { command: before };
  const [pod, containerArgument] = before;
  if (targetGiven ? before.length > 0 : before.length > 2) {
    const given = (targetGiven ? before : before.slice(2)).map((word) => `"${word}"`).join(" ");
    throw new ScopeError("usage", `Command "logs" cannot take ${given}`, {
      hint: "it takes a pod and a container, or an option that says which; a command stands behind --",
    });
  }
  return defined({ pod, containerArgument, command: behind });
}
