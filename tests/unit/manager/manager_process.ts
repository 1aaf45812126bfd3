import net from "node:net";
import type { Run, RunOptions } from "../../../src/tool.ts";
import type { ManagerConnection } from "../../../src/manager/client/connection.ts";
import { connect } from "../../../src/manager/client/connection.ts";
import type { Execs, RunTarget } from "../../../src/manager/client/run_client.ts";
import { startRun } from "../../../src/manager/client/run_client.ts";
import type { ToolExit } from "../../../src/tool.ts";
import { until } from "../../cluster/wait.ts";

const config = new URL("../../../deno.json", import.meta.url).pathname;

/** The command that runs a program of this checkout, as this checkout's configuration has it. */
export function denoArgv(program: string, args: readonly string[]): string[] {
  return [Deno.execPath(), "run", "--quiet", "--allow-all", "--no-prompt", "--config", config, program, ...args];
}

export function denoRun(program: string, args: readonly string[], env: Record<string, string> = {}): Deno.Command {
  const [deno = "", ...rest] = denoArgv(program, args);
  return new Deno.Command(deno, {
    args: rest,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  });
}

export interface TestManager extends AsyncDisposable {
  readonly child: Deno.ChildProcess;
  readonly socket: string;
  readonly directory: string;
  connect(): Promise<ManagerConnection>;
}

/** The manager as a process of its own, on a socket in a new directory. */
export async function startManager({ idle = 600 } = {}): Promise<TestManager> {
  const directory = Deno.makeTempDirSync({ prefix: "scope-manager-" }), socket = `${directory}/run/manager.sock`;
  const program = new URL("../../../src/manager/server/manager.ts", import.meta.url).pathname;
  const child = denoRun(program, ["--socket", socket, "--idle", String(idle)], { TMPDIR: directory }).spawn();
  await until("the manager to listen", 20, () => openable(socket));
  return {
    child,
    socket,
    directory,
    connect: async () => connect(await openSocket(socket)),
    async [Symbol.asyncDispose]() {
      kill(child.pid, "SIGTERM");
      await child.status;
      await child.stdout.cancel();
      Deno.removeSync(directory, { recursive: true });
    },
  };
}

export function openSocket(path: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(path, () => resolve(socket));
    socket.once("error", reject);
  });
}

function openable(path: string): Promise<boolean> {
  return openSocket(path).then((socket) => {
    socket.destroy();
    return true;
  }, () => false);
}

const nobody: RunTarget = { podUid: "", containerId: "", name: "shop/web:app" };

/** Runs a program in the manager's own namespaces, unless the options and the target say otherwise. */
export function start(
  connection: ManagerConnection,
  argv: readonly string[],
  options: Partial<RunOptions> = {},
  target = nobody,
  execs: Execs = {},
): Run {
  return startRun(connection, { argv, namespaces: [], ...options }, target, (error) => Promise.resolve(error), execs);
}

export interface Outcome {
  stdout: string;
  stderr: string;
  exit: ToolExit;
}

/** Everything that a program prints, and how it ends. */
export async function outcome(run: Run): Promise<Outcome> {
  const texts = { stdout: "", stderr: "" };
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  for await (const { stream, bytes } of run.output) texts[stream] += decoders[stream].decode(bytes, { stream: true });
  return { ...texts, exit: await run.exit };
}

/** Reads a program's output piece by piece. */
export function reader(run: Run) {
  const output = run.output[Symbol.asyncIterator]();
  let text = "";
  return {
    /** Resolves when the output so far matches. */
    async has(pattern: RegExp): Promise<RegExpExecArray> {
      for (let found = pattern.exec(text);; found = pattern.exec(text)) {
        if (found !== null) return found;
        const next = await within(20, output.next(), () => `${pattern} after ${JSON.stringify(text.slice(-200))}`);
        if (next.done) throw new Error(`the output ended without ${pattern}: ${text}`);
        text += new TextDecoder().decode(next.value.bytes);
      }
    },
    /** Reads what is left. */
    async rest(): Promise<string> {
      for (let next = await output.next(); !next.done; next = await output.next()) {
        text += new TextDecoder().decode(next.value.bytes);
      }
      return text;
    },
  };
}

/** True while a process runs; one that nobody has waited for yet does not. */
export function alive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

/** Sends a signal to a process that this test started; one that is gone is no error. */
export function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Waits until none of these processes runs. */
export async function gone(what: string, pids: readonly number[], limit: number): Promise<void> {
  await until(what, limit, () => !pids.some(alive), { missing: () => `${pids.filter(alive).join(", ")} run on` });
}

/** Fails when a promise takes longer than this many seconds. */
export async function within<T>(limit: number, promise: Promise<T>, what = () => "the test"): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Cannot wait longer than ${limit} s for ${what()}`)), limit * 1000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
