/** A program that has ended, with what it printed. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  /** Standard output and standard error, in the order of arrival. */
  readonly output: string;
  readonly seconds: number;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly limitMs: number;
  readonly signal?: AbortSignal;
  /** Prints the output as it arrives. */
  readonly live?: boolean;
}

/** Runs a program to its end. It is ended at the limit, which the output then says, and by the signal. Never throws. */
export async function runProgram(argv: readonly string[], options: RunOptions): Promise<Ended> {
  const { cwd, env, limitMs, signal, live = false } = options;
  const [program = "", ...args] = argv, begun = performance.now();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), limitMs);
  const ending = AbortSignal.any([limit.signal, ...signal === undefined ? [] : [signal]]);
  const chunks = { all: [] as string[], stdout: [] as string[] };
  const collect = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>, name: "stdout" | "stderr") => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      chunks.all.push(text);
      if (name === "stdout") chunks.stdout.push(text);
      if (live) Deno[name].writeSync(new TextEncoder().encode(text));
    }
  };
  try {
    const command = { args, cwd, env, stdin: "null", stdout: "piped", stderr: "piped", signal: ending } as const;
    const child = new Deno.Command(program, command).spawn();
    const [{ code }] = await Promise.all([
      child.status,
      collect(child.stdout, "stdout"),
      collect(child.stderr, "stderr"),
    ]);
    if (limit.signal.aborted) {
      chunks.all.push(`\n${argv.join(" ")} was ended after ${Math.round(limitMs / 60_000)} minutes\n`);
    }
    return ended(code);
  } catch (error) {
    chunks.all.push(`Cannot run "${argv.join(" ")}": ${(error as Error).message}\n`);
    return ended(127);
  } finally {
    clearTimeout(timer);
  }

  function ended(code: number): Ended {
    const seconds = (performance.now() - begun) / 1000;
    return { code, stdout: chunks.stdout.join(""), output: chunks.all.join(""), seconds };
  }
}
