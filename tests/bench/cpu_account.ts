/** Counts the CPU time of the programs that are started in it, with everything that they start. Needs root. */
export class CpuAccount implements AsyncDisposable {
  readonly #directory: string;
  readonly #version: 1 | 2;

  constructor() {
    this.#version = isDirectory("/sys/fs/cgroup/cpuacct") ? 1 : 2;
    this.#directory = `/sys/fs/cgroup/${this.#version === 1 ? "cpuacct/" : ""}scope-bench-${Deno.pid}`;
    Deno.mkdirSync(this.#directory);
  }

  /** Returns the command line that runs a program in this account. */
  argv(argv: readonly string[]): string[] {
    return ["sh", "-c", 'echo $$ >"$0" && exec "$@"', `${this.#directory}/cgroup.procs`, ...argv];
  }

  /** Returns the CPU time so far, user and system, in milliseconds. */
  usedMs(): number {
    const read = (name: string) => Deno.readTextFileSync(`${this.#directory}/${name}`);
    return this.#version === 1
      ? Number(read("cpuacct.usage")) / 1e6
      : Number(/^usage_usec (\d+)$/m.exec(read("cpu.stat"))![1]) / 1000;
  }

  /** Ends what still runs there. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (let turn = 0; turn < 50; turn++) {
      const pids = Deno.readTextFileSync(`${this.#directory}/cgroup.procs`).trim().split("\n").filter((pid) =>
        pid !== ""
      );
      if (pids.length === 0) break;
      for (const pid of pids) Deno.kill(Number(pid), "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    Deno.removeSync(this.#directory);
  }
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
