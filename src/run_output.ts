import type { Run } from "./context.ts";

/** Waits for the end of a program that says little, and returns its standard output. Rejects when the connection is lost. */
export async function outputOf(run: Run): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  run.endInput();
  for await (const { stream, bytes } of run.output) {
    if (stream === "stdout") text += decoder.decode(bytes, { stream: true });
  }
  await run.exit;
  return text;
}
