import { blockedHint, blockedText, stuck } from "../../runs/blocked.ts";
import type { Command } from "../../command.ts";
import type { Beside, Context } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import type { ProcessSeen } from "../../event.ts";
import { observe } from "../../runs/observe.ts";
import { processId, targetQuery } from "../../options.ts";
import type { GdbCommands } from "./tool.ts";
import { backtraceTool, gdbSession } from "./tool.ts";
import { quoted, traced } from "../../runs/traced.ts";

export const gdb: Command = {
  name: "gdb",
  summary: "Debug a process of the target, which stands still meanwhile and runs on at the end",
  arguments: "[args...]",
  needs: { files: true, writes: true },
  options: [
    { flags: "-p, --pid <pid>", description: "process, by its pid on the node (default: the target's first one)" },
    { flags: "--batch", description: "run the commands that are given, and end" },
    {
      flags: "-x, --command <file>",
      description: "run gdb commands from a file of this machine; may be given several times",
      repeatable: true,
      values: "file",
    },
    { flags: "--backtrace", description: "print the stacks of all threads, let go at once, and say how long it took" },
  ],
  examples: [
    ["scope -n shop -p web gdb", "a gdb prompt"],
    ["scope -n shop -p web gdb --backtrace", "where all threads are; the target stands still for a moment"],
    ["scope -n shop -p web gdb --batch -- -ex 'info registers'", "gdb's own options stand after --"],
    ["scope -n shop -p web gdb -p 4242 -x watch.gdb", "commands of a file first"],
  ],
  async run(context, options, args) {
    const pid = typeof options.pid === "string" ? processId("pid", options.pid) : undefined;
    const files = Array.isArray(options.command) ? options.command as string[] : [];
    const backtrace = options.backtrace === true;
    if (backtrace && (files.length > 0 || args.length > 0)) {
      throw new ScopeError("usage", "Option --backtrace takes no commands", {
        hint: "give --batch and -- -ex 'thread apply all bt' -ex COMMAND instead",
      });
    }
    const commands = await Promise.all(files.map((file) => commandFile(context, file)));
    const needs = { files: true, ...backtrace ? {} : { writes: true }, ...pid === undefined ? {} : { nodePids: true } };
    await using beside = await context.enter(targetQuery(context.options), needs);
    const process = await traced(beside, pid, context.say);
    await assertStoppable(beside, process, context.signal);
    if (backtrace) {
      const tool = backtraceTool(process.pid);
      const shown = await context.show(observe(beside, tool, context.signal));
      return shown > 1 ? shown : tool.exitCode() || shown;
    }
    const { interactive, terminalType } = context, batch = options.batch === true;
    const { argv, env } = gdbSession({ pid: process.pid, batch, terminal: interactive, commands, args });
    const run = beside.run({
      argv,
      namespaces: [],
      traces: process.pid,
      ...(interactive ? { pty: context.windowSize(), env: { ...env, TERM: terminalType } } : { env }),
    });
    const code = await context.attach(run);
    if (beside.lost.aborted) throw beside.lost.reason;
    return code;
  },
};

/** Throws ScopeError (unreachable) for a process that gdb would wait for in vain. */
async function assertStoppable(beside: Beside, process: ProcessSeen, signal: AbortSignal): Promise<void> {
  if (process.thread !== undefined) {
    throw new ScopeError("unreachable", `Cannot debug process ${quoted(process)}: its main thread has left`, {
      hint: "gdb takes a process by its main thread; scope strace traces the others",
    });
  }
  const blocked = await stuck(beside, process, signal);
  if (blocked === undefined) return;
  const thread = blocked.thread === process.pid ? "it" : `its thread ${blocked.thread}`;
  throw new ScopeError(
    "unreachable",
    `Cannot stop process ${quoted(process)}: ${thread} ${blockedText(blocked)}`,
    { hint: blockedHint(blocked) },
  );
}

async function commandFile(context: Context, path: string): Promise<GdbCommands> {
  return { name: path.replace(/^.*\//, ""), text: await context.readFile(path) };
}
