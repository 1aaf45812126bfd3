import { ScopeError } from "../../errors.ts";
import type { Event, StraceCall } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import type { Tool, ToolExit, ToolOutput } from "../../tool.ts";
import { CallCounts, leftCall, OpenCalls } from "./strace_calls.ts";
import { parseStraceLine } from "./strace_line.ts";

export interface StraceOptions {
  /** The process to trace, in the manager's pid namespace. */
  pid: number;
  /** True to trace its threads and children, too. */
  follow: boolean;
  /** Expressions, each for an `-e` of strace. */
  expressions: readonly string[];
  /** Limit of characters printed of a string; strace's own default is 32. */
  stringLimit?: number;
  /** True to print the paths of file descriptors. */
  decodeDescriptors: boolean;
  /** Totals at the end: in addition to the calls (`too`), instead of them (`only`), or none. */
  summary: "none" | "too" | "only";
}

/** A Tool that also has the end of the traced process. */
export interface StraceTool extends Tool {
  /** `exited with 0`, `was killed by SIGSEGV`; undefined while the process runs. */
  readonly targetEnd: string | undefined;
  /** True once a call, signal or end of the process was read. */
  readonly sawAny: boolean;
}

/**
 * Returns a tool that traces the system calls of one process with strace. `read` throws a ScopeError if strace cannot
 * start: notFound for a missing process, denied for one that it may not trace, usage for an unknown expression, and
 * unreachable for all other reasons.
 */
export function straceTool(options: StraceOptions): StraceTool {
  return new Strace(options);
}

/** Returns the command line. With -o, calls are on stdout and messages on stderr, and each call has a plain pid before it. */
export function straceArguments(
  { pid, follow, expressions, stringLimit, decodeDescriptors }: Omit<StraceOptions, "summary">,
): string[] {
  return [
    ...["strace", "-ttt", "-T"],
    // With -o, -f prints pids anyway, and an older strace of a local machine has no --always-show-pid.
    ...(follow ? ["-f"] : ["--always-show-pid"]),
    ...(decodeDescriptors ? ["-y"] : []),
    ...(stringLimit === undefined ? [] : ["-s", String(stringLimit)]),
    ...expressions.flatMap((expression) => ["-e", expression]),
    ...["-o", "/dev/stdout", "-p", String(pid)],
  ];
}

/**
 * Time after the request to stop in which calls that arrive are still shown, in milliseconds. Later ones are only counted,
 * as the user who pressed Ctrl-C waits for the end.
 */
const patienceMs = 1000;

/** Prefix of strace's messages: its name as it was started, with or without the path. */
const namePrefix = /^(?:\S*\/)?strace: /;
const attachment = /^Process (\d+) (?:attached|detached)(?: with (\d+) threads)?$/;

class Strace implements StraceTool {
  readonly argv: readonly string[];
  readonly namespaces = [] as const;
  readonly stopSignal = "SIGINT";
  readonly traces: number;
  targetEnd: string | undefined;
  sawAny = false;
  readonly #options: StraceOptions;
  readonly #open = new OpenCalls();
  readonly #counts = new CallCounts();
  readonly #messages: string[] = [];
  #attached = false;
  /** Time from which calls are only counted, in milliseconds since 1970. */
  #stopAt = Infinity;
  #unshown = 0;
  #code = 0;

  constructor(options: StraceOptions) {
    this.#options = options;
    this.traces = options.pid;
    this.argv = straceArguments(options);
  }

  read(output: ToolOutput): Event[] {
    if ("exit" in output) return this.#finish(output.exit);
    return output.stream === "stderr" ? this.#readMessage(output.line, output.time) : this.#readLine(output);
  }

  stopping(time: string): void {
    this.#stopAt = Date.parse(time) + patienceMs;
  }

  exitCode(): number {
    return this.#code;
  }

  #readLine({ line: text, time }: { line: string; time: string }): Event[] {
    const line = parseStraceLine(text);
    this.sawAny ||= line.kind !== "other";
    switch (line.kind) {
      case "call": {
        const { kind: _kind, ...call } = line;
        return this.#called({ type: "strace.call", ...call }, time);
      }
      case "entered":
        this.#open.enter(line);
        return [];
      case "resumed": {
        const call = this.#open.resume(line);
        return call === undefined ? [] : this.#called(call, time);
      }
      case "left":
        return this.#called(leftCall(line));
      case "signal": {
        const { kind: _kind, ...about } = line;
        return this.#shown({ type: "strace.signal", ...about });
      }
      case "exited":
      case "killed": {
        const { kind, ...about } = line;
        if (line.pid === this.#options.pid) {
          this.targetEnd = kind === "exited" ? `exited with ${line.code}` : `was killed by ${line.signal}`;
        }
        return this.#shown({ type: "strace.exited", ...about });
      }
      case "other":
        return text.trim() === "" ? [] : this.#shown({ type: "strace.line", time, text });
    }
  }

  #called(call: StraceCall, read?: string): Event[] {
    if (this.#options.summary !== "none") this.#counts.add(call);
    if (read !== undefined && this.#stopAt < Infinity && Date.parse(read) > this.#stopAt) {
      this.#unshown += 1;
      return [];
    }
    return this.#shown(call);
  }

  #shown(event: Event): Event[] {
    return this.#options.summary === "only" ? [] : [event];
  }

  #readMessage(text: string, time: string): Event[] {
    const words = text.replace(namePrefix, ""), found = attachment.exec(words);
    if (found !== null) {
      const [, pid, threads = "1"] = found;
      if (this.#attached || Number(pid) !== this.#options.pid) return [];
      this.#attached = true;
      return [{ type: "strace.attached", time, pid: Number(pid), threads: Number(threads) }];
    }
    if (text.trim() === "") return [];
    if (this.#attached) return [{ type: "strace.line", time, text }];
    this.#messages.push(words.trim());
    return [];
  }

  #finish({ code, signal }: ToolExit): Event[] {
    // strace is stopped with SIGINT, and also dies of SIGINT once it has detached.
    const asked = code === 130 || signal === "SIGINT";
    if (!this.#attached && !asked && code !== 0) throw this.#cannotBegin(code);
    const time = now();
    const left = this.#open.left().flatMap((call) => this.#called(call));
    const unshown: Event[] = this.#unshown === 0 || this.#options.summary === "only"
      ? []
      : [{ type: "strace.line", time, text: `${this.#unshown} more calls were on their way, and are not shown` }];
    const failed: Event[] = asked || code === 0
      ? []
      : [{ type: "failed", time, subject: "strace", reason: `exit code ${code}${signal ? ` (${signal})` : ""}` }];
    if (!asked) this.#code = code;
    return [...unshown, ...left, ...failed, ...(this.#options.summary === "none" ? [] : this.#counts.events(time))];
  }

  #cannotBegin(code: number): ScopeError {
    const { pid } = this.#options, words = this.#messages.join("; ");
    if (/^(attach: )?ptrace\(.*: No such process$/m.test(words)) {
      return new ScopeError("notFound", `Process "${pid}" has ended`, {
        hint: "scope pids lists the target's processes",
      });
    }
    if (/ptrace|PTRACE/.test(words)) return new ScopeError("denied", `Cannot trace process "${pid}": ${words}`);
    if (/^(invalid|unrecognized|unknown|.* requires|.* must)/m.test(words)) {
      return new ScopeError("usage", `strace does not take this: ${words.replaceAll(/'/g, '"')}`, {
        hint: "-e takes names of system calls, such as openat,read, or classes, such as trace=%network; see strace(1)",
      });
    }
    return new ScopeError("unreachable", `strace ended with exit code ${code}: ${words || "it said nothing"}`);
  }
}
