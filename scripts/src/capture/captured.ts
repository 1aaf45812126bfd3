import { execa, type Result } from "execa";
import { constants } from "node:os";
import { ScriptError } from "../lib/errors.ts";
import { interrupted } from "../lib/interrupt.ts";

type Environment = Readonly<Record<string, string>>;

/** Output of a program, with a character for each byte: it may be no valid UTF-8. */
export interface Captured {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Runs a program to its end, however it ends. It reads from a file if one is named. */
export async function captured(
  [program = "", ...args]: readonly string[],
  { env = {}, stdinFile }: { readonly env?: Environment; readonly stdinFile?: string } = {},
): Promise<Captured> {
  const stdin = stdinFile === undefined ? { stdin: "ignore" } as const : { inputFile: stdinFile };
  const bytes = { encoding: "latin1", stripFinalNewline: false } as const;
  const result = await execa(program, args, { ...stdin, ...bytes, env, reject: false, cancelSignal: interrupted });
  return { stdout: result.stdout, stderr: result.stderr, code: codeOf(result) };
}

/** Runs a program to its end, and returns the lines of both streams in the order in which they were written. */
export async function capturedLines(
  [program = "", ...args]: readonly string[],
  env: Environment = {},
): Promise<{ lines: string[]; code: number }> {
  const lines: string[] = [];
  const keep = (stream: string) =>
    function* (line: unknown) {
      lines.push(`${stream}|${line}`);
      yield line;
    };
  const streams = { stdin: "ignore", stdout: keep("stdout"), stderr: keep("stderr") } as const;
  const result = await execa(program, args, { ...streams, env, reject: false, cancelSignal: interrupted });
  return { lines, code: codeOf(result) };
}

/** Returns the exit code as a shell does. Throws when the program did not run, or the script is interrupted. */
function codeOf({ exitCode, signal, shortMessage = "" }: Pick<Result, "exitCode" | "signal" | "shortMessage">): number {
  interrupted.throwIfAborted();
  if (exitCode !== undefined) return exitCode;
  if (signal !== undefined) return 128 + constants.signals[signal];
  throw new ScriptError(shortMessage);
}
