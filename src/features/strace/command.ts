import { blockedHint, blockedText, isSame, stuck } from "../../runs/blocked.ts";
import type { Command } from "../../command.ts";
import type { Beside, Context } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import type { BlockedSeen, Event, ProcessSeen } from "../../event.ts";
import { observe } from "../../runs/observe.ts";
import { processId, seconds, targetQuery } from "../../options.ts";
import type { RawOptions } from "../../options.ts";
import type { StraceTool } from "./tool.ts";
import { straceTool } from "./tool.ts";
import { processText, quoted, traced, whyNotTraced } from "../../runs/traced.ts";

const needs = { files: true } as const;

export const strace: Command = {
  name: "strace",
  summary: "Trace the system calls of a process of the target",
  options: [
    { flags: "-p, --pid <pid>", description: "pid on the node, as scope pids lists it (default: the first process)" },
    {
      flags: "-e, --expression <expr>",
      description: "which system calls and what of them, see strace(1); may be given several times",
      repeatable: true,
    },
    { flags: "-f, --follow", description: "threads and children, too (the default)" },
    { flags: "--no-follow", description: "one thread only" },
    {
      flags: "--duration <seconds>",
      description: "end after this time (default: when the process ends, or at Ctrl-C)",
    },
    { flags: "--summary", description: "at the end also calls, errors, times and the slowest call, by system call" },
    { flags: "-c, --summary-only", description: "the summary instead of the calls" },
    { flags: "-s, --string-limit <n>", description: "characters of a string that are printed (default: 32)" },
    { flags: "-y, --decode-fds", description: "print the paths of file descriptors" },
  ],
  needs,
  examples: [
    ["scope -n shop -p web strace", "all system calls of the pod's first process, its threads and children"],
    ["scope -n shop -p web strace -p 4242 -e trace=%network", "one process by its pid on the node, network calls only"],
    ["scope -n shop -p web strace -c --duration 10", "where the time goes: 10 seconds, as a table"],
  ],
  async run(context, options) {
    const pid = typeof options.pid === "string" ? processId("pid", options.pid) : undefined;
    const expressions = Array.isArray(options.expression) ? options.expression as string[] : [];
    const limit = typeof options.stringLimit === "string" ? stringLimit(options.stringLimit) : undefined;
    const durationMs = typeof options.duration === "string" ? seconds("duration", options.duration) * 1000 : undefined;
    const entering = pid === undefined ? needs : { ...needs, nodePids: true };
    await using beside = await context.enter(targetQuery(context.options), entering);
    const process = await traced(beside, pid, context.say);
    if (process.state === "T") {
      context.say(`process ${processText(process)} is stopped by a signal (state T), and does nothing before SIGCONT`);
    }
    // Asked for while strace starts; one that is stuck is traced all the same, as its other threads may go on.
    const waits = stuck(beside, process, context.signal).then((blocked) => {
      if (blocked !== undefined) context.say(stuckText(process, blocked));
      return blocked;
    });
    waits.catch(() => {}); // a lost connection shows in the trace
    const tool = straceTool({
      pid: process.thread ?? process.pid,
      follow: options.follow !== false,
      expressions,
      ...(limit === undefined ? {} : { stringLimit: limit }),
      decodeDescriptors: options.decodeFds === true,
      summary: summaryOf(options),
    });
    const ends = durationMs === undefined ? [] : [AbortSignal.timeout(durationMs)];
    const stop = AbortSignal.any([context.signal, ...ends]);
    try {
      const shown = await context.show(tell(context, process, observe(beside, tool, stop)));
      if (shown === 0 && tool.exitCode() === 0 && !tool.sawAny) await assertNotStuck(beside, process, await waits);
      return shown > 1 ? shown : tool.exitCode() || shown;
    } catch (error) {
      if (!(error instanceof ScopeError)) throw error;
      if (error.kind === "denied") throw await whyNotTraced(beside, process, context.signal);
      // With its last process the pod itself may be gone, which is no failure of the trace.
      if (error.kind !== "unreachable" || tool.targetEnd === undefined) throw error;
      return tool.exitCode();
    } finally {
      tellEnd(context, process, tool);
    }
  },
};

function stuckText(process: ProcessSeen, blocked: BlockedSeen): string {
  const thread = blocked.thread === process.pid ? "" : `thread ${blocked.thread} of `;
  return `${thread}process ${processText(process)} ${blockedText(blocked)}: its calls show when it goes on`;
}

/** Throws ScopeError (timeout) where nothing was seen of a process because it has been stuck all the time. */
async function assertNotStuck(beside: Beside, process: ProcessSeen, blocked: BlockedSeen | undefined): Promise<void> {
  if (blocked === undefined || !isSame(blocked, (await beside.process(process.pid))?.blocked)) return;
  throw new ScopeError("timeout", `Process ${quoted(process)} made no call: it ${blockedText(blocked)}`, {
    hint: blockedHint(blocked),
  });
}

function stringLimit(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new ScopeError("usage", `Option --string-limit cannot be "${text}"`, {
    hint: "it is a whole number of characters up to 999999",
  });
}

function summaryOf({ summary, summaryOnly }: RawOptions): "none" | "too" | "only" {
  return summaryOnly === true ? "only" : summary === true ? "too" : "none";
}

/** Says when strace has attached: until then nothing that the process does is seen. */
async function* tell(
  { say }: Context,
  process: ProcessSeen,
  events: AsyncIterable<Event>,
): AsyncIterable<Event> {
  for await (const event of events) {
    if (event.type === "strace.attached") {
      const threads = event.threads === 1 ? "" : `, ${event.threads} threads`;
      say(`tracing process ${processText(process)}${threads}`);
    }
    yield event;
  }
}

function tellEnd({ say }: Context, process: ProcessSeen, { targetEnd }: StraceTool): void {
  if (targetEnd !== undefined) {
    say(`process ${processText(process)} ${targetEnd}; after a restart of its container, trace again`);
  }
}
