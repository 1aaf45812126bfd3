import { ScopeError } from "../../errors.ts";
import type { ErrorKind } from "../../errors.ts";
import { exitCodes } from "../../errors.ts";
import type { Event, GdbFrame } from "../../event.ts";
import { defined } from "../../lib/defined.ts";
import { now } from "../../lib/timed.ts";
import type { Tool, ToolOutput } from "../../tool.ts";

/** A command file of the user. Its text is sent along, as gdb runs elsewhere. */
export interface GdbCommands {
  /** File name; `.py` means Python. */
  name: string;
  text: string;
}

export interface GdbOptions {
  /** Pid in the manager's pid namespace. */
  pid: number;
  /** True if gdb exits after the commands, and asks no questions. */
  batch: boolean;
  /** True if gdb has a terminal. */
  terminal: boolean;
  commands: readonly GdbCommands[];
  /** gdb's own options and commands, after all others. */
  args: readonly string[];
}

/** Environment variable that passes command files to gdb.py in the image. */
const commandsVariable = "SCOPE_GDB_COMMANDS";
/** Limit of an environment variable, in bytes: a little below MAX_ARG_STRLEN of execve(2). */
const longestVariable = 128 * 1024 - 64;

/**
 * The start of every gdb command line. The target's image is hostile: gdb loads none of its scripts and libraries, asks no
 * debuginfod server, and reads no .gdbinit.
 *
 * See "Auto-loading" in gdb's manual. An empty path there would mean the default.
 */
const safeGdb: readonly string[] = [
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
 * Python code that ends a session if gdb.py could not be loaded, instead of leaving the user at a prompt without a target.
 * Python's own gdb module may be missing, too.
 */
const unloaded = `lambda _: (__import__("os").write(2, b"error: gdb could not load what scope adds to it\\n` +
  `hint: if it met a MemoryError above, use --via node\\n"), __import__("os")._exit(${exitCodes.unreachable}))`;

/** Messages of gdb, its Python, the C library and the loader when they get no memory. */
const outOfMemory = /MemoryError|memory exhausted|annot allocate memory|bad_alloc|cannot map zero-fill|mmap: 12\b/;

/** Returns the command line and environment of a session. Throws ScopeError (usage) if the command files are too long. */
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
      ...safeGdb,
      // Without a terminal gdb would assume 80 by 24, and wait for a key after each page.
      ...terminal ? [] : ["-iex", "set width 0", "-iex", "set height 0"],
      ...batch ? ["-batch"] : [],
      ...["-ex", `python globals().get("scope_attach", ${unloaded})(${pid})`],
      ...commands.length > 0 ? ["-ex", "python scope_source()"] : [],
      ...args,
    ],
    env: commands.length > 0 ? { [commandsVariable]: files } : {},
  };
}

/** Returns a tool that prints the stacks of all threads of a process, which is stopped meanwhile. */
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
  #lastError = "";
  #outOfMemory = false;

  constructor(readonly pid: number) {
    this.argv = [...safeGdb, "-batch", "-ex", `python scope_backtrace(${pid})`];
    this.traces = pid;
  }

  /** Throws the ScopeError that gdb.py reports, timeout if gdb took too long, and unreachable if it got no memory. */
  read(output: ToolOutput): Event[] {
    if ("exit" in output) return this.#end(output.exit);
    const { stream, line, time } = output;
    if (stream === "stderr") {
      if (line.trim() !== "") this.#lastError = line.trim();
      this.#outOfMemory ||= outOfMemory.test(line);
      return [];
    }
    const { thread, name, frames = [], problem, stoppedMs, warnings, error, message = "", hint } = read(line);
    if (error !== undefined) {
      const kind = error in exitCodes ? error as ErrorKind : "bug";
      throw new ScopeError(kind, message, defined({ hint }));
    }
    if (stoppedMs !== undefined) {
      this.#done = true;
      const more = defined({ warnings });
      return [{ type: "gdb.summary", time, pid: this.pid, threads: this.#threads, stoppedMs, ...more }];
    }
    if (thread === undefined) return [];
    this.#threads += 1;
    const about = defined({ name, problem });
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
    const reason = `gdb ended with exit code ${code}${this.#lastError === "" ? "" : `: ${this.#lastError}`}`;
    return [{ type: "failed", time: now(), subject: `process ${this.pid}`, reason }];
  }
}

/** Exit code of a gdb that SIGALRM ended: 128 + 14. */
const alarmed = 142;

/** Parses a line of gdb.py. Other lines, which are gdb's own, have no fields. */
function read(line: string): Line {
  if (!line.startsWith("{")) return {};
  try {
    return JSON.parse(line) as Line;
  } catch {
    return {};
  }
}
