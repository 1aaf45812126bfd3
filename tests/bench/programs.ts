export type Environment = Readonly<Record<string, string>>;

export interface Outcome {
  stdout: string;
  /** Duration from start to end, in milliseconds. */
  tookMs: number;
}

export interface ProgramOptions {
  env: Environment;
  signal: AbortSignal;
  /** Discards stdout, for programs that print much. */
  discard?: boolean;
}

/** Runs a program to its end. Throws an Error with its stderr when it fails. */
export async function run(argv: readonly string[], { env, signal, discard = false }: ProgramOptions): Promise<Outcome> {
  signal.throwIfAborted();
  const [program = "", ...args] = argv;
  const start = performance.now();
  const { success, code, stdout, stderr } = await execute(program, { args, env, signal, discard });
  const tookMs = performance.now() - start;
  signal.throwIfAborted();
  if (!success) throw failure(argv, code, new TextDecoder().decode(stderr));
  return { stdout: new TextDecoder().decode(stdout), tookMs };
}

/** Returns the error for a program that failed. */
export function failure(argv: readonly string[], code: number, stderr: string): Error {
  return new Error(`Cannot run "${argv.join(" ").slice(0, 200)}" (exit code ${code}): ${stderr.trim().slice(-1000)}`);
}

async function execute(
  program: string,
  { args, env, signal, discard }: ProgramOptions & { args: string[] },
): Promise<{ success: boolean; code: number; stdout?: Uint8Array; stderr: Uint8Array }> {
  const common = { args, env, signal, clearEnv: true, stdin: "null", stderr: "piped" } as const;
  if (!discard) return await new Deno.Command(program, { ...common, stdout: "piped" }).output();
  // Directly to the device, so that no process spends time on reading it.
  const child = new Deno.Command(program, { ...common, stdout: "null" }).spawn();
  const [stderr, status] = await Promise.all([new Response(child.stderr).bytes(), child.status]);
  return { ...status, stderr };
}
