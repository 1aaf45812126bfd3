import type { Environment } from "./programs.ts";

/** Limit of the wait for a prompt, in milliseconds. */
const limitMs = 60_000;

/**
 * Starts a program on a terminal of its own, and returns the time until it showed a prompt, in milliseconds; then sends it
 * `exit`. Answers a request to press Enter, as by `kubectl debug`, at once.
 */
export async function untilPrompt(
  argv: readonly string[],
  { env, signal }: { env: Environment; signal: AbortSignal },
): Promise<number> {
  const command = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const start = performance.now();
  const child = new Deno.Command("script", {
    args: ["--quiet", "--flush", "--return", "--command", command, "/dev/null"],
    env: { ...env, TERM: "xterm" },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
  }).spawn();
  const input = child.stdin.getWriter(), decoder = new TextDecoder();
  let text = "", tookMs: number | undefined, asked = false;
  for await (const bytes of child.stdout) {
    text += decoder.decode(bytes, { stream: true });
    if (!asked && /try pressing enter/.test(text)) {
      asked = true;
      await input.write(new TextEncoder().encode("\n"));
    }
    // deno-lint-ignore no-control-regex -- colours end with an escape sequence
    if (tookMs === undefined && /[#$](?:\x1b\[[0-9;?]*[a-z])* /i.test(text)) {
      tookMs = performance.now() - start;
      await input.write(new TextEncoder().encode("exit\n"));
      await input.close();
    }
  }
  await child.status;
  if (tookMs === undefined) throw new Error(`No prompt from "${command.slice(0, 200)}": ${text.slice(-500)}`);
  return tookMs;
}
