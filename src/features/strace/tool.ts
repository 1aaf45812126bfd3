import { ScopeError } from "../../errors.ts";
import type { Event, StraceCall } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import type { Tool, ToolExit, ToolOutput } from "../../tool.ts";
import { CallCounts, leftCall, OpenCalls } from "./strace_calls.ts";
import { parseStraceLine } from "./strace_line.ts";

export interface StraceOptions {
  /** The process to trace, in the manager's pid namespace. */
  pid: number;
  /** Its threads and children, too. */
  follow: boolean;
  /** What `strace -e` takes: all of them. */
  expressions: readonly string[];
  /** Characters of a string that are printed; strace's own default is 32. */
  stringLimit?: number;
  /** Paths of file descriptors are printed. */
  decodeDescriptors: boolean;
  /** Counts at the end: beside the calls, instead of them, or not at all. */
  summary: "none" | "too" | "only";
}

/** A Tool that also knows how the traced process ended. */
export interface StraceTool extends Tool {
  /** `exited with 0`, `was killed by SIGSEGV`; nothing while it runs. */
  readonly targetEnd: string | undefined;
  /** Something that the process did or met has been read. */
  readonly sawAny: boolean;
}

/**
 * Traces the system calls of one process with strace. `read` throws a ScopeError when strace cannot begin: notFound for a
 * process that is not there, denied for one that it may not trace, usage for an expression that it does not know.
 */
export function straceTool(options: StraceOptions): StraceTool {
  return new Strace(options);
}

/** Output to a file of its own: calls are on stdout, strace's words on stderr, and each line has its pid and no ruler. */
export function straceArguments(
  { pid, follow, expressions, stringLimit, decodeDescriptors }: Omit<StraceOptions, "summary">,
): string[] {
  return [
    ...["strace", "-ttt", "-T"],
    // Into a file, -f shows pids anyway, and an older strace of a machine that is the node knows no more than that.
    ...(follow ? ["-f"] : ["--always-show-pid"]),
    ...(decodeDescriptors ? ["-y"] : []),
    ...(stringLimit === undefined ? [] : ["-s", String(stringLimit)]),
    ...expressions.flatMap((expression) => ["-e", expression]),
    ...["-o", "/dev/stdout", "-p", String(pid)],
  ];
}

/**
 * So long after it was to stop, calls are shown that were on their way; then they are only counted, as whoever pressed
 * Ctrl-C waits for the end. In milliseconds.
 */
const patienceMs = 1000;

/** It calls itself as it was called: with or without the path to it. */
const itself = /^(?:\S*\/)?strace: /;
const comings = /^Process (\d+) (?:attached|detached)(?: with (\d+) threads)?$/;

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
  readonly #words: string[] = [];
  #attached = false;
  /** In milliseconds since 1970. */
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
    return output.stream === "stderr" ? this.#readWords(output.line, output.time) : this.#readLine(output);
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

  #readWords(text: string, time: string): Event[] {
    const words = text.replace(itself, ""), found = comings.exec(words);
    if (found !== null) {
      const [, pid, threads = "1"] = found;
      if (this.#attached || Number(pid) !== this.#options.pid) return [];
      this.#attached = true;
      return [{ type: "strace.attached", time, pid: Number(pid), threads: Number(threads) }];
    }
    if (text.trim() === "") return [];
    if (this.#attached) return [{ type: "strace.line", time, text }];
    this.#words.push(words.trim());
    return [];
  }

  #finish({ code, signal }: ToolExit): Event[] {
    // Whoever ends strace does it with SIGINT, which strace dies of, too, once it has let go.
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
    const { pid } = this.#options, words = this.#words.join("; ");
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
