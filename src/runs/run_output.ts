import { onAbort } from "../lib/on_abort.ts";
import type { Run } from "../tool.ts";
import type { ToolExit } from "../tool.ts";

export interface RunOutput {
  stdout: string;
  stderr: string;
  exit: ToolExit;
}

/** Returns the output and exit of a short program. Throws the ScopeError of a lost connection, or the signal's reason. */
export async function outputOf(run: Run, signal: AbortSignal): Promise<RunOutput> {
  const interrupted = Promise.withResolvers<never>();
  using _abort = onAbort(signal, () => interrupted.reject(signal.reason));
  return await Promise.race([read(run), interrupted.promise]);
}

async function read(run: Run): Promise<RunOutput> {
  run.endInput();
  const text = { stdout: "", stderr: "" };
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  for await (const { stream, bytes } of run.output) text[stream] += decoders[stream].decode(bytes, { stream: true });
  return { ...text, exit: await run.exit };
}
