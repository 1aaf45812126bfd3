import { defineCommand, flag, list, parsed } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import { processId, seconds } from "../../options.ts";

export interface StracePlan {
  /** Pid on the node; undefined: the target's first process. */
  pid: number | undefined;
  expressions: readonly string[];
  follow: boolean;
  durationMs: number | undefined;
  stringLimit: number | undefined;
  decodeDescriptors: boolean;
  summary: "none" | "too" | "only";
}

export const needs = { files: true } as const;

export const strace = defineCommand({
  name: "strace",
  summary: "Trace the system calls of a process of the target",
  options: {
    pid: parsed(
      "-p, --pid <pid>",
      "pid on the node, as scope pids lists it (default: the first process)",
      processId,
    ),
    expressions: list(
      "-e, --expression <expr>",
      "which system calls and what of them, see strace(1); may be given several times",
    ),
    follow: flag("-f, --follow", "threads and children, too (the default)"),
    noFollow: flag("--no-follow", "one thread only"),
    duration: parsed(
      "--duration <seconds>",
      "end after this time (default: when the process ends, or at Ctrl-C)",
      seconds,
    ),
    summary: flag("--summary", "at the end also calls, errors, times and the slowest call, by system call"),
    summaryOnly: flag("-c, --summary-only", "the summary instead of the calls"),
    stringLimit: parsed(
      "-s, --string-limit <n>",
      "characters of a string that are printed (default: 32)",
      characters,
    ),
    decodeFds: flag("-y, --decode-fds", "print the paths of file descriptors"),
  },
  needs,
  examples: [
    ["scope -n shop -p web strace", "all system calls of the pod's first process, its threads and children"],
    ["scope -n shop -p web strace -p 4242 -e trace=%network", "one process by its pid on the node, network calls only"],
    ["scope -n shop -p web strace -c --duration 10", "where the time goes: 10 seconds, as a table"],
  ],
  plan({ pid, expressions, noFollow, duration, summary, summaryOnly, stringLimit, decodeFds }): StracePlan {
    return {
      ...{ pid, expressions, stringLimit },
      follow: !noFollow,
      durationMs: duration === undefined ? undefined : duration * 1000,
      decodeDescriptors: decodeFds,
      summary: summaryOnly ? "only" : summary ? "too" : "none",
    };
  },
  load: () => import("./run.ts"),
});

function characters(option: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new ScopeError("usage", `Option --${option} cannot be "${text}"`, {
    hint: "it is a whole number of characters up to 999999",
  });
}
