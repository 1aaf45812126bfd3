import { onAbort } from "../lib/on_abort.ts";
import { writeAll } from "./terminal.ts";
import { thisProgram } from "./this_program.ts";
import { userProcess } from "./user_process.ts";

/**
 * Runs this command line again with more arguments, in a detached process with scope's permissions. Passes on its first line,
 * and all of its stderr before that.
 *
 * Returns its pid and the line, or its exit code if it ended without printing a line.
 */
export async function runInBackground(more: readonly string[], signal: AbortSignal): Promise<Background> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...thisProgram(), ...userProcess().args, ...more],
    detached: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const abort = onAbort(signal, () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // it has ended by itself
    }
  });
  const words = copyWords(child.stderr);
  const line = await firstLine(child.stdout);
  abort[Symbol.dispose]();
  if (line === undefined) {
    await words;
    return { exitCode: (await child.status).code };
  }
  words.catch(() => {});
  child.unref();
  writeAll(userProcess().stdout, new TextEncoder().encode(line));
  return { pid: child.pid, line: line.trimEnd() };
}

/** Runs this command line again with more variables, silently and in a detached process. */
export function runAgain(env: Readonly<Record<string, string>>): void {
  const silent = { stdin: "null", stdout: "null", stderr: "null" } as const;
  const args = [...thisProgram(), ...userProcess().args];
  new Deno.Command(Deno.execPath(), { args, env, detached: true, ...silent }).spawn().unref();
}

export type Background = { pid: number; line: string } | { exitCode: number };

async function copyWords(from: ReadableStream<Uint8Array>): Promise<void> {
  for await (const bytes of from) writeAll(userProcess().stderr, bytes);
}

/** Returns the first line with its end; undefined without any. */
async function firstLine(from: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string | undefined> {
  let text = "";
  for await (const chunk of from.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes("\n")) return text;
  }
  return undefined;
}
