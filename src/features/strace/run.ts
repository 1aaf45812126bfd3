import type { Context, TargetClient } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import type { BlockedSeen, Event, ProcessSeen } from "../../event.ts";
import { targetQuery } from "../../options.ts";
import { blockedHint, blockedText, isSame, stuck } from "../../runs/blocked.ts";
import { observe } from "../../runs/observe.ts";
import { processText, quoted, traced, whyNotTraced } from "../../runs/tracee.ts";
import { needs, type StracePlan } from "./command.ts";
import type { StraceTool } from "./tool.ts";
import { straceTool } from "./tool.ts";

/** Traces until the process, the duration or the person ends it. Returns the exit code of strace. */
export async function run(context: Context, plan: StracePlan): Promise<number> {
  const { pid, follow, expressions, durationMs, stringLimit, decodeDescriptors, summary } = plan;
  const entering = pid === undefined ? needs : { ...needs, nodePids: true };
  await using client = await context.enter(targetQuery(context.options), entering);
  const process = await traced(client, pid, context.notice);
  if (process.state === "T") {
    context.notice(`process ${processText(process)} is stopped by a signal (state T), and does nothing before SIGCONT`);
  }
  // Asked for while strace starts; one that is stuck is traced all the same, as its other threads may go on.
  const waits = stuck(client, process, context.signal).then((blocked) => {
    if (blocked !== undefined) context.notice(stuckText(process, blocked));
    return blocked;
  });
  waits.catch(() => {}); // a lost connection shows in the trace
  const tool = straceTool({
    pid: process.thread ?? process.pid,
    ...{ follow, expressions, decodeDescriptors, summary },
    ...(stringLimit === undefined ? {} : { stringLimit }),
  });
  const ends = durationMs === undefined ? [] : [AbortSignal.timeout(durationMs)];
  const stop = AbortSignal.any([context.signal, ...ends]);
  try {
    const shown = await context.show(tell(context, process, observe(client, tool, stop)));
    if (shown === 0 && tool.exitCode() === 0 && !tool.sawAny) await assertNotStuck(client, process, await waits);
    return shown > 1 ? shown : tool.exitCode() || shown;
  } catch (error) {
    if (!(error instanceof ScopeError)) throw error;
    if (error.kind === "denied") throw await whyNotTraced(client, process, context.signal);
    // With its last process the pod itself may be gone, which is no failure of the trace.
    if (error.kind !== "unreachable" || tool.targetEnd === undefined) throw error;
    return tool.exitCode();
  } finally {
    tellEnd(context, process, tool);
  }
}

function stuckText(process: ProcessSeen, blocked: BlockedSeen): string {
  const thread = blocked.thread === process.pid ? "" : `thread ${blocked.thread} of `;
  return `${thread}process ${processText(process)} ${blockedText(blocked)}: its calls show when it goes on`;
}

/** Throws ScopeError (timeout) where nothing was seen of a process because it has been stuck all the time. */
async function assertNotStuck(
  client: TargetClient,
  process: ProcessSeen,
  blocked: BlockedSeen | undefined,
): Promise<void> {
  if (blocked === undefined || !isSame(blocked, (await client.process(process.pid))?.blocked)) return;
  throw new ScopeError("timeout", `Process ${quoted(process)} made no call: it ${blockedText(blocked)}`, {
    hint: blockedHint(blocked),
  });
}

/** Says when strace has attached: until then nothing that the process does is seen. */
async function* tell(
  { notice }: Context,
  process: ProcessSeen,
  events: AsyncIterable<Event>,
): AsyncIterable<Event> {
  for await (const event of events) {
    if (event.type === "strace.attached") {
      const threads = event.threads === 1 ? "" : `, ${event.threads} threads`;
      notice(`tracing process ${processText(process)}${threads}`);
    }
    yield event;
  }
}

function tellEnd({ notice }: Context, process: ProcessSeen, { targetEnd }: StraceTool): void {
  if (targetEnd !== undefined) {
    notice(`process ${processText(process)} ${targetEnd}; after a restart of its container, trace again`);
  }
}
