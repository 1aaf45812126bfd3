import { ScopeError } from "../../errors.ts";
import type { ErrorKind } from "../../errors.ts";
import { exitCodes } from "../../errors.ts";
import type { Event, GdbFrame } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import type { Tool, ToolOutput } from "../../tool.ts";

/** A command file of the user's, which comes along: gdb runs elsewhere. */
export interface GdbCommands {
  /** Its name; `.py` is Python. */
  name: string;
  text: string;
}

export interface GdbOptions {
  /** As the manager counts pids. */
  pid: number;
  /** gdb ends when the commands were run, and asks nothing. */
  batch: boolean;
  /** It has a terminal. */
  terminal: boolean;
  commands: readonly GdbCommands[];
  /** gdb's own options and commands, after all others. */
  args: readonly string[];
}

/** How command files reach gdb, see gdb.py in the image. */
const commandsVariable = "SCOPE_GDB_COMMANDS";
/** The kernel takes no longer variable: MAX_ARG_STRLEN of execve(2), in bytes. */
const longestVariable = 128 * 1024 - 64;

/**
 * What every gdb of scope starts with. The target's image is hostile: none of its scripts and libraries is loaded into gdb,
 * nothing is asked of servers, and nobody's .gdbinit is read.
 *
 * See "Auto-loading" in gdb's manual. There, an empty path would mean the default.
 */
const safely: readonly string[] = [
  ...["gdb", "-nx", "-q"],
  ...[
    "set auto-load off",
    "set auto-load safe-path /dev/null",
    "set libthread-db-search-path /dev/null",
    "set debuginfod enabled off",
    "source /opt/scope/gdb.py",
  ].flatMap((command) => ["-iex", command]),
];

/**
 * In Python: ends a session in which gdb.py could not be loaded, rather than leave its user at a prompt that has no target.
 * Python's own gdb module may be missing as well.
 */
const unloaded = `lambda _: (__import__("os").write(2, b"error: gdb could not load what scope adds to it\\n` +
  `hint: if it met a MemoryError above, use --via node\\n"), __import__("os")._exit(${exitCodes.unreachable}))`;

/** Words of gdb, its Python, the C library and the loader when they get no memory. */
const outOfMemory = /MemoryError|memory exhausted|annot allocate memory|bad_alloc|cannot map zero-fill|mmap: 12\b/;

/** The command line of a session, and its environment. Throws ScopeError (usage) when the command files are too long. */
export function gdbSession(
  { pid, batch, terminal, commands, args }: GdbOptions,
): { argv: string[]; env: Record<string, string> } {
  const files = JSON.stringify(commands.map(({ name, text }) => ({ name, text })));
  if (new TextEncoder().encode(`${commandsVariable}=${files}`).length > longestVariable) {
    throw new ScopeError("usage", "The command files are longer than 128 KiB", {
      hint: "define less in them, or give single commands after --: scope gdb -- -ex COMMAND",
    });
  }
  return {
    argv: [
      ...safely,
      // Without a terminal it would take one of 80 by 24 for granted, and wait for somebody to turn the page.
      ...terminal ? [] : ["-iex", "set width 0", "-iex", "set height 0"],
      ...batch ? ["-batch"] : [],
      ...["-ex", `python globals().get("scope_attach", ${unloaded})(${pid})`],
      ...commands.length > 0 ? ["-ex", "python scope_source()"] : [],
      ...args,
    ],
    env: commands.length > 0 ? { [commandsVariable]: files } : {},
  };
}

/** The stacks of all threads of a process, which stands still meanwhile. */
export function backtraceTool(pid: number): Tool {
  return new Backtrace(pid);
}

/** A line of gdb.py. */
interface Line {
  thread?: number;
  name?: string;
  frames?: GdbFrame[];
  problem?: string;
  stoppedMs?: number;
  warnings?: string[];
  error?: string;
  message?: string;
  hint?: string;
}

class Backtrace implements Tool {
  readonly argv: readonly string[];
  readonly namespaces = [];
  readonly stopSignal = "SIGTERM";
  readonly traces: number;
  #threads = 0;
  #done = false;
  #code = 0;
  #complaint = "";
  #outOfMemory = false;

  constructor(readonly pid: number) {
    this.argv = [...safely, "-batch", "-ex", `python scope_backtrace(${pid})`];
    this.traces = pid;
  }

  /** Throws the ScopeError that gdb.py tells of, timeout when it took too long, and unreachable when it got no memory. */
  read(output: ToolOutput): Event[] {
    if ("exit" in output) return this.#end(output.exit);
    const { stream, line, time } = output;
    if (stream === "stderr") {
      if (line.trim() !== "") this.#complaint = line.trim();
      this.#outOfMemory ||= outOfMemory.test(line);
      return [];
    }
    const { thread, name, frames = [], problem, stoppedMs, warnings, error, message = "", hint } = read(line);
    if (error !== undefined) {
      const kind = error in exitCodes ? error as ErrorKind : "bug";
      throw new ScopeError(kind, message, hint === undefined ? {} : { hint });
    }
    if (stoppedMs !== undefined) {
      this.#done = true;
      const more = warnings === undefined ? {} : { warnings };
      return [{ type: "gdb.summary", time, pid: this.pid, threads: this.#threads, stoppedMs, ...more }];
    }
    if (thread === undefined) return [];
    this.#threads += 1;
    const about = { ...name === undefined ? {} : { name }, ...problem === undefined ? {} : { problem } };
    return [{ type: "gdb.thread", time, pid: this.pid, thread, ...about, frames }];
  }

  exitCode(): number {
    return this.#code;
  }

  #end({ code, signal }: { code: number; signal?: string }): Event[] {
    this.#code = code;
    if (signal === "SIGALRM" || code === alarmed) {
      throw new ScopeError("timeout", `Process "${this.pid}" stood still for 30 s, so gdb was ended: it runs on`, {
        hint: "scope gdb without --backtrace has no limit",
      });
    }
    if (this.#done) return [];
    if (this.#outOfMemory) {
      throw new ScopeError("unreachable", `gdb had not enough memory for process "${this.pid}"`, {
        hint: "a tool in a pod whose memory is limited gets half of what is free: use --via node",
      });
    }
    const reason = `gdb ended with exit code ${code}${this.#complaint === "" ? "" : `: ${this.#complaint}`}`;
    return [{ type: "failed", time: now(), subject: `process ${this.pid}`, reason }];
  }
}

/** 128 + SIGALRM */
const alarmed = 142;

/** Other lines are gdb's own words. */
function read(line: string): Line {
  if (!line.startsWith("{")) return {};
  try {
    return JSON.parse(line) as Line;
  } catch {
    return {};
  }
}
