import type { Event } from "../../event.ts";
import { defined } from "../../lib/defined.ts";
import { onAbort } from "../../lib/on_abort.ts";
import { now } from "../../lib/timed.ts";
import { base64 } from "../../kube/log_lines.ts";
import type { LogRequest } from "./request.ts";
import type { ClusterContext } from "../../context.ts";
import { type LocalCommand, startLocalCommand } from "./local_command.ts";
import type { StartAt } from "./container_follower.ts";
import { EventQueue, PodsFollower } from "./follow.ts";
import { LogSource } from "./log_source.ts";
import { readOnce } from "./read_once.ts";
import { type LogSelection, selectLogs } from "./selection.ts";
import { wholeLines } from "./whole_lines.ts";

/** Default number of existing lines that are shown of each container, if the logs of several pods are read. */
const defaultTail = 10;

/**
 * Reads and follows the logs of pods. If a command is given, runs it meanwhile and ends with it. Throws ScopeError.
 *
 * `onTerminal`: the command's output goes to the terminal itself.
 */
export async function* readLogs(
  context: ClusterContext,
  request: LogRequest,
  { onTerminal }: { onTerminal: boolean },
): AsyncIterable<Event> {
  const selection = await selectLogs(context, request), { namespace, of, named, wanted } = selection;
  const stop = new AbortController(), signal = AbortSignal.any([context.signal, stop.signal]);
  const queue = new EventQueue();
  let follower: PodsFollower | undefined;
  const source = new LogSource(context.cluster, signal, request.grep, (events) => {
    if (events.some(({ type }) => type === "log.line")) follower?.lineArrived();
    return queue.push(events);
  });
  yield {
    type: "log.selected",
    time: now(),
    namespace,
    ...defined({ of }),
    pods: selection.pods.map((pod) => ({
      pod: pod.metadata?.name ?? "",
      containers: wanted(pod).map(({ name }) => name),
    })),
    follow: request.follow,
    more: request.follow && !named,
  };
  const at = startAt(request, selection);
  if (!request.follow) return yield* readOnce(source, selection, request, at);
  let command: LocalCommand | undefined, failure: { error: unknown } | undefined;
  const pods = follower = new PodsFollower(context, selection, source, at);
  const following = pods.run();
  const runCommand = async (argv: readonly string[]) => {
    await Promise.race([pods.open(context.options.timeoutMs), following.then(() => pods.open(0))]);
    if (signal.aborted) return;
    const started = command = startLocalCommand(argv, onTerminal);
    void queue.push([{ type: "command.started", time: now(), pid: started.pid, onTerminal }]);
    using _end = onAbort(context.signal, () => started.end());
    const output = (async () => {
      for await (const bytes of wholeLines(started.output)) await queue.push([outputEvent(bytes)]);
    })();
    const exitCode = await started.exit;
    // After an abort, do not wait for the end of the output: processes that the command left behind may hold it open.
    const stopped = Promise.withResolvers<void>();
    using _stop = onAbort(context.signal, stopped.resolve);
    await Promise.race([output, stopped.promise]);
    void queue.push([{ type: "command.ended", time: now(), exitCode }]);
    if (!signal.aborted) await pods.drain();
  };
  const all = request.command === undefined ? following : Promise.race([
    runCommand(request.command),
    // The end of the named pod does not end the command.
    following.then(() => new Promise<never>(() => {})),
  ]);
  const ended = all.catch((error) => failure = { error }).finally(() => {
    stop.abort();
    queue.close();
  });
  try {
    yield* queue.events();
    await ended;
  } finally {
    stop.abort();
    if (command !== undefined) {
      command.end();
      await command.exit;
    }
  }
  if (failure !== undefined && !context.signal.aborted) throw failure.error;
}

/** Returns the start of the logs. Default: all of one pod, the newest lines of several, only new lines with a command. */
function startAt({ tail, sinceSeconds, command, previous }: LogRequest, { named }: LogSelection): StartAt {
  if (tail === "all") return { tailLines: undefined, sinceSeconds };
  const tailLines = tail ??
    (command !== undefined && sinceSeconds === undefined
      ? 0
      : named || sinceSeconds !== undefined || previous
      ? undefined
      : defaultTail);
  return { tailLines, sinceSeconds };
}

function outputEvent(bytes: Uint8Array): Event {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const exact = new TextEncoder().encode(text).length === bytes.length && !text.includes("\ufffd");
  return { type: "command.output", time: now(), text, ...(exact ? {} : { base64: base64(bytes) }) };
}
