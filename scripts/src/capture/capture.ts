import { type CommandLine, readOptions, type Syntax } from "../lib/options.ts";
import { ROOT } from "../lib/paths.ts";
import { runScript } from "../lib/script.ts";

type Capture = (directory: string, line: CommandLine) => Promise<void>;

/** Runs a script that captures into a directory: its operand, or that of this name in tests/testdata. */
export async function runCapture(name: string, usage: string, capture: Capture, syntax: Syntax = {}): Promise<never> {
  return await runScript(usage, async (args) => {
    const line = readOptions(args, syntax);
    const directory = line.operands[0] ?? `${ROOT}/tests/testdata/${name}`;
    Deno.mkdirSync(directory, { recursive: true });
    await capture(directory, line);
  });
}
