import type { Context, TargetClient } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import type { ProcessSeen } from "../../event.ts";
import { targetQuery } from "../../options.ts";
import { blockedHint, blockedText, stuck } from "../../runs/blocked.ts";
import { observe } from "../../runs/observe.ts";
import { findTracee, quoted } from "../../runs/tracee.ts";
import { readFile } from "../../terminal/read_file.ts";
import type { GdbPlan } from "./command.ts";
import type { GdbCommands } from "./tool.ts";
import { backtraceTool, gdbSession } from "./tool.ts";

/** Debugs a process. Returns the exit code of gdb. */
export async function run(
  context: Context,
  { pid, batch, files, backtrace, args }: GdbPlan,
  read = readFile,
): Promise<number> {
  const commands = await Promise.all(files.map((file) => commandFile(file, read)));
  const needs = { files: true, ...backtrace ? {} : { writes: true }, ...pid === undefined ? {} : { nodePids: true } };
  await using client = await context.enter(targetQuery(context.options), needs);
  const process = await findTracee(client, pid, context.notice);
  await assertStoppable(client, process, context.signal);
  if (backtrace) {
    const tool = backtraceTool(process.pid);
    const shown = await context.show(observe(client, tool, context.signal));
    return shown > 1 ? shown : tool.exitCode() || shown;
  }
  const { interactive, terminalType } = context;
  const { argv, env } = gdbSession({ pid: process.pid, batch, terminal: interactive, commands, args });
  const run = client.run({
    argv,
    namespaces: [],
    traces: process.pid,
    ...(interactive ? { pty: context.windowSize(), env: { ...env, TERM: terminalType } } : { env }),
  });
  const code = await context.attach(run);
  if (client.targetGone.aborted) throw client.targetGone.reason;
  return code;
}

/** Throws ScopeError (unreachable) for a process that gdb could not stop, and would wait for without end. */
async function assertStoppable(client: TargetClient, process: ProcessSeen, signal: AbortSignal): Promise<void> {
  if (process.thread !== undefined) {
    throw new ScopeError("unreachable", `Cannot debug process ${quoted(process)}: its main thread has left`, {
      hint: "gdb takes a process by its main thread; scope strace traces the others",
    });
  }
  const blocked = await stuck(client, process, signal);
  if (blocked === undefined) return;
  const thread = blocked.thread === process.pid ? "it" : `its thread ${blocked.thread}`;
  throw new ScopeError(
    "unreachable",
    `Cannot stop process ${quoted(process)}: ${thread} ${blockedText(blocked)}`,
    { hint: blockedHint(blocked) },
  );
}

async function commandFile(path: string, read: typeof readFile): Promise<GdbCommands> {
  return { name: path.replace(/^.*\//, ""), text: await read(path) };
}
