import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { CHECKOUT, outcome } from "./cluster_script.ts";
import { scopeArgv, scopeEnv, type ScopeOutcome, ScopeProcess } from "./scope.ts";

/** A copy of the program with a runtime directory of its own, so that no other test takes its worker. */
export class WarmWorld implements AsyncDisposable {
  readonly runtime: string;
  readonly argv: readonly string[];

  private constructor(readonly home: string, readonly env: Readonly<Record<string, string>>) {
    this.runtime = `${home}/run`;
    this.argv = [...scopeArgv.slice(0, -1), `${home}/cli/main.js`];
  }

  static async make(env: Readonly<Record<string, string>> = {}): Promise<WarmWorld> {
    const home = await Deno.makeTempDir({ prefix: "scope-warm-" });
    await Deno.mkdir(`${home}/run`, { mode: 0o700 });
    await outcome("cp", ["-r", `${CHECKOUT}/dist/cli`, `${home}/cli`]);
    return new WarmWorld(home, { XDG_RUNTIME_DIR: `${home}/run`, TMPDIR: home, ...env });
  }

  /** Starts scope. */
  start(args: readonly string[], options: { stdin?: Uint8Array<ArrayBuffer> } = {}): ScopeProcess {
    return new ScopeProcess(args, { ...options, env: this.env, argv: this.argv });
  }

  /** Runs scope to its end. */
  async run(args: readonly string[], options: { stdin?: Uint8Array<ArrayBuffer> } = {}): Promise<ScopeOutcome> {
    await using process = this.start(args, options);
    const code = await process.exit(60);
    return { code, stdout: process.stdout, stderr: process.stderr, bytes: process.bytes, seconds: process.seconds };
  }

  /** Runs a shell command line, in which `"$@"` is scope with these arguments. */
  async line(text: string, args: readonly string[]) {
    return await outcome("env", [
      "-i",
      ...this.variables(),
      "timeout",
      "60",
      "sh",
      "-c",
      text,
      "sh",
      ...this.argv,
      ...args,
    ]);
  }

  /** Returns the variables of a command, as `NAME=value`; with others it would have another worker. */
  variables(more: Readonly<Record<string, string>> = {}): string[] {
    return Object.entries({ ...scopeEnv(this.env), ...more }).map(([name, value]) => `${name}=${value}`);
  }

  /** Returns the workers that wait, as `worker list` has them. */
  async waiting(): Promise<{ pid: number; manager?: string }[]> {
    const { code, stdout, stderr } = await this.run(["-o", "json", "worker", "list"]);
    assert.equal(code, 0, stderr);
    return stdout.trim().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  /** Waits until one worker waits, and returns its pid. */
  async ready(): Promise<number> {
    let pid: number | undefined;
    await until("a worker that waits", 20, async () => (pid = (await this.waiting())[0]?.pid) !== undefined);
    return pid!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run(["worker", "end"]);
    await Deno.remove(this.home, { recursive: true });
  }
}

/** Returns true while a process runs. */
export function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

/** Waits for the end of a process. */
export async function ended(pid: number, seconds = 10): Promise<void> {
  await until(`the end of process ${pid}`, seconds, () => Promise.resolve(!runs(pid)));
}
