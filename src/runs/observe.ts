import { onAbort } from "../lib/on_abort.ts";
import { Channel } from "../lib/channel.ts";
import type { TargetClient } from "../context.ts";
import { ScopeError } from "../errors.ts";
import type { Event } from "../event.ts";
import { now } from "../lib/timed.ts";
import type { Tool, ToolOutput } from "../tool.ts";

/** Time for a tool to report after it was asked to stop, in milliseconds. */
const reportMs = 3000;
/** The exit of a tool whose output is cut off, through no fault of its own: as if SIGINT had ended it. */
const cutOff = { exit: { code: 130 } };
/** The exit code of a shell that cannot find the program; no tool ends with it by itself. */
const noProgram = 127;
/** Longest line of a tool, in characters; longer ones are cut, as the target's image may make a tool print anything. */
const longestLine = 1 << 20;

/**
 * Runs a tool next to the target and reads its output into events. `meanwhile` adds events from elsewhere until the tool
 * ends. `signal`, or the loss of the target, stops the tool, which then still reports.
 *
 * Throws the ScopeError of a lost target or connection, after the last event.
 */
export async function* observe(
  client: TargetClient,
  tool: Tool,
  signal: AbortSignal,
  meanwhile?: (signal: AbortSignal) => AsyncIterable<Event>,
): AsyncIterable<Event> {
  const run = client.run(tool);
  const events = new Channel<Event>();
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, client.targetGone]);
  let failure: unknown, timer: ReturnType<typeof setTimeout> | undefined, read = false;

  /** Returns undefined if the tool throws, as it cannot go on: then there is no summary, either. */
  const readOne = (output: ToolOutput): Event[] | undefined => {
    try {
      return tool.read(output);
    } catch (error) {
      failure ??= error;
      read = true;
      events.close();
      return undefined;
    }
  };
  const finish = (output: ToolOutput & { exit: unknown }) => {
    if (read) return;
    for (const event of readOne(output) ?? []) void events.push(event);
    read = true;
    events.close();
  };
  const onStop = () => {
    void run.signal(tool.stopSignal);
    tool.stopping?.(now());
    timer = setTimeout(() => finish(cutOff), reportMs);
  };
  const readTool = async () => {
    for await (const output of lines(run.output)) {
      if (read) return;
      const seen = readOne(output);
      if (seen === undefined) return;
      for (const event of seen) await events.push(event);
    }
    const exit = await run.exit;
    if (exit.code === noProgram) throw missingProgram(tool, client);
    finish({ exit });
  };
  const readMeanwhile = async () => {
    for await (const event of meanwhile?.(ended.signal) ?? []) await events.push(event);
  };

  using _abort = onAbort(stop, onStop);
  void readTool().catch((error) => {
    failure ??= error;
    // A tool that never ran has no summary.
    if (error instanceof MissingProgram) {
      read = true;
      events.close();
    } else finish(cutOff);
  });
  void readMeanwhile().catch(() => {}); // a watch that fails does not stop the tool
  try {
    yield* events;
  } finally {
    clearTimeout(timer);
    ended.abort();
  }
  if (client.targetGone.aborted) throw client.targetGone.reason;
  if (failure !== undefined) throw failure;
}

class MissingProgram extends ScopeError {}

function missingProgram({ argv }: Tool, { way }: TargetClient): MissingProgram {
  // `stdbuf -oL NAME` runs NAME with line buffering.
  const name = argv[0] === "stdbuf" ? argv[2] : argv[0];
  return way === "local"
    ? new MissingProgram("notFound", `Cannot find the program "${name}" on this machine`, {
      hint: `--via local runs this machine's own programs: install ${name}`,
    })
    : new MissingProgram("notFound", `Cannot find the program "${name}" in the endoscope image`, {
      hint: "the image that --image or SCOPE_IMAGE names lacks it",
    });
}

/** Splits the output of a program into lines, for each stream separately; the last line may lack its line end. */
async function* lines(
  output: AsyncIterable<{ stream: "stdout" | "stderr"; bytes: Uint8Array }>,
): AsyncIterable<Extract<ToolOutput, { line: string }>> {
  const streams = {
    stdout: { decoder: new TextDecoder(), rest: "" },
    stderr: { decoder: new TextDecoder(), rest: "" },
  };
  for await (const { stream, bytes } of output) {
    const state = streams[stream], time = now();
    const parts = (state.rest + state.decoder.decode(bytes, { stream: true })).split("\n");
    state.rest = parts.pop()!.slice(0, longestLine);
    for (const line of parts) yield { stream, line, time };
  }
  for (const stream of ["stdout", "stderr"] as const) {
    if (streams[stream].rest !== "") yield { stream, line: streams[stream].rest, time: now() };
  }
}
