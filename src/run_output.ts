import type { Run } from "./context.ts";
import type { ToolExit } from "./tool.ts";

/** All that a short program prints, and how it ended. Throws the ScopeError of a lost connection. */
export async function outputOf(run: Run): Promise<{ stdout: string; stderr: string; exit: ToolExit }> {
  run.endInput();
  const text = { stdout: "", stderr: "" };
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  for await (const { stream, bytes } of run.output) text[stream] += decoders[stream].decode(bytes, { stream: true });
  return { ...text, exit: await run.exit };
}
