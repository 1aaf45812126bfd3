import { defined } from "../../lib/defined.ts";
import type { Context, TargetClient } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import type { BlockedSeen, Event, ProcessSeen } from "../../event.ts";
import { targetQuery } from "../../options.ts";
import { blockedHint, blockedText, isSame, stuck } from "../../runs/blocked.ts";
import { observe } from "../../runs/observe.ts";
import { findTracee, processText, quoted, whyNotTraceable } from "../../runs/tracee.ts";
import { needs, type StracePlan } from "./command.ts";
import type { StraceTool } from "./tool.ts";
import { straceTool } from "./tool.ts";

/** Traces until the process ends, the duration is over or the user interrupts. Returns the exit code of strace. */
export async function run(context: Context, plan: StracePlan): Promise<number> {
  const { pid, follow, expressions, durationMs, stringLimit, decodeDescriptors, summary } = plan;
  const entering = pid === undefined ? needs : { ...needs, nodePids: true };
  await using client = await context.enter(targetQuery(context.options), entering);
  const process = await findTracee(client, pid, context.notice);
  if (process.state === "T") {
    context.notice(`process ${processText(process)} is stopped by a signal (state T), and does nothing before SIGCONT`);
  }
  // Checked while strace starts. A stuck process is traced all the same, as its other threads may go on.
  const stuckWait = stuck(client, process, context.signal).then((blocked) => {
    if (blocked !== undefined) context.notice(stuckText(process, blocked));
    return blocked;
  });
  stuckWait.catch(() => {}); // the trace reports a lost connection
  const tool = straceTool({
    pid: process.thread ?? process.pid,
    ...{ follow, expressions, decodeDescriptors, summary },
    ...defined({ stringLimit }),
  });
  const ends = durationMs === undefined ? [] : [AbortSignal.timeout(durationMs)];
  const stop = AbortSignal.any([context.signal, ...ends]);
  try {
    const shown = await context.show(noticeAttached(context, process, observe(client, tool, stop)));
    if (shown === 0 && tool.exitCode() === 0 && !tool.sawAny) await assertNotStuck(client, process, await stuckWait);
    return shown > 1 ? shown : tool.exitCode() || shown;
  } catch (error) {
    if (!(error instanceof ScopeError)) throw error;
    if (error.kind === "denied") throw await whyNotTraceable(client, process, context.signal);
    // The pod may be gone together with its last process, which is no failure of the trace.
    if (error.kind !== "unreachable" || tool.targetEnd === undefined) throw error;
    return tool.exitCode();
  } finally {
    noticeEnd(context, process, tool);
  }
}

function stuckText(process: ProcessSeen, blocked: BlockedSeen): string {
  const thread = blocked.thread === process.pid ? "" : `thread ${blocked.thread} of `;
  return `${thread}process ${processText(process)} ${blockedText(blocked)}: its calls show when it goes on`;
}

/** Throws ScopeError (timeout) if the trace is empty because the process has been stuck in one wait all the time. */
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

/** Yields the events, and prints a notice when strace has attached: before that, the process is not traced. */
async function* noticeAttached(
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

function noticeEnd({ notice }: Context, process: ProcessSeen, { targetEnd }: StraceTool): void {
  if (targetEnd !== undefined) {
    notice(`process ${processText(process)} ${targetEnd}; after a restart of its container, trace again`);
  }
}
