/** Variable with a value of its own for each program: it stands in the environment of all that the program starts. */
const MARK = "SCOPE_TEST_PROGRAM";

/** A program that has ended, with its output. */
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
  /** Time from SIGTERM to SIGKILL, and from the end to that of the output, which children may hold open. Default: 10 s. */
  readonly graceMs?: number;
  /** Prints the output as it arrives. */
  readonly live?: boolean;
}

/**
 * Runs a program to its end. The signal, and the limit, which is then in its output, end it and what it started: its process
 * group, and then what has left the group, such as a terminal's server. Never throws.
 */
export async function runProgram(argv: readonly string[], options: RunOptions): Promise<Ended> {
  const { cwd, env, limitMs, signal, graceMs = 10_000, live = false } = options;
  const [program = "", ...args] = argv, begun = performance.now();
  const limit = AbortSignal.timeout(limitMs),
    left = new AbortController(),
    timers: ReturnType<typeof setTimeout>[] = [],
    mark = crypto.randomUUID();
  const chunks = { all: [] as string[], stdout: [] as string[] };
  const collect = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>, name: "stdout" | "stderr") => {
    for await (const text of stream.pipeThrough(new TextDecoderStream(), { signal: left.signal })) {
      chunks.all.push(text);
      if (name === "stdout") chunks.stdout.push(text);
      if (live) Deno[name].writeSync(new TextEncoder().encode(text));
    }
  };
  try {
    const piped = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
    const child = new Deno.Command(program, { args, cwd, env: { ...env, [MARK]: mark }, ...piped, detached: true })
      .spawn();
    const end = () => {
      signalGroup(child.pid, "SIGTERM");
      timers.push(setTimeout(() => signalGroup(child.pid, "SIGKILL"), graceMs));
    };
    const ending = AbortSignal.any([limit, ...signal === undefined ? [] : [signal]]);
    if (ending.aborted) end();
    ending.addEventListener("abort", end);
    const reading = Promise.allSettled([collect(child.stdout, "stdout"), collect(child.stderr, "stderr")]);
    const { code } = await child.status;
    ending.removeEventListener("abort", end);
    timers.push(setTimeout(() => left.abort(), graceMs));
    await reading;
    if (ending.aborted) killMarked(mark);
    if (limit.aborted) chunks.all.push(`\n${argv.join(" ")} was ended after ${Math.round(limitMs / 60_000)} minutes\n`);
    return ended(code);
  } catch (error) {
    chunks.all.push(`Cannot run "${argv.join(" ")}": ${(error as Error).message}\n`);
    return ended(127);
  } finally {
    timers.forEach(clearTimeout);
  }

  function ended(code: number): Ended {
    const seconds = (performance.now() - begun) / 1000;
    return { code, stdout: chunks.stdout.join(""), output: chunks.all.join(""), seconds };
  }
}

function signalGroup(leader: number, signal: Deno.Signal): void {
  try {
    Deno.kill(-leader, signal);
  } catch {
    // all of it has ended
  }
}

/** Kills the processes that have a mark in their environment. */
function killMarked(mark: string): void {
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const variables = Deno.readTextFileSync(`/proc/${name}/environ`).split("\0");
      if (variables.includes(`${MARK}=${mark}`)) Deno.kill(Number(name), "SIGKILL");
    } catch {
      // it has ended, or is not ours
    }
  }
}
