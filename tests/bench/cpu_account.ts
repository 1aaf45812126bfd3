import { podUsage, read } from "./usage.ts";

/** Counts the CPU time of the programs that are started in it, with everything that they start. Needs root. */
export class CpuAccount implements AsyncDisposable {
  readonly #directory: string;

  constructor() {
    const root = isDirectory("/sys/fs/cgroup/cpuacct") ? "/sys/fs/cgroup/cpuacct" : "/sys/fs/cgroup";
    this.#directory = `${root}/scope-bench-${Deno.pid}`;
    Deno.mkdirSync(this.#directory);
  }

  /** Returns the command line that runs a program in this account. */
  argv(argv: readonly string[]): string[] {
    return ["sh", "-c", 'echo $$ >"$0" && exec "$@"', `${this.#directory}/cgroup.procs`, ...argv];
  }

  /** Returns the CPU time so far, user and system, in milliseconds. */
  usedMs(): number {
    return usedMs(this.#directory)!;
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

/** Returns the CPU time of a pod on this machine since its start, in milliseconds. Needs one of its processes. */
export function podCpuMs(uid: string): number {
  const [process] = podUsage(uid);
  const groups = process === undefined ? "" : Deno.readTextFileSync(`/proc/${process.pid}/cgroup`);
  for (const [, kind = "", path = ""] of groups.matchAll(/^\d+:([^:]*):(.*)$/gm)) {
    const names = path.split("/"), pod = names.findIndex((name) => name.replaceAll("_", "-").includes(uid));
    if (pod < 0 || (kind !== "" && !kind.split(",").includes("cpuacct"))) continue;
    const used = usedMs(`/sys/fs/cgroup/${kind === "" ? "" : "cpuacct"}${names.slice(0, pod + 1).join("/")}`);
    if (used !== undefined) return used;
  }
  throw new Error(`Cannot find the CPU time of pod ${uid}`);
}

/** Reads the CPU time of a control group of either version, in milliseconds; undefined where it is not counted. */
function usedMs(directory: string): number | undefined {
  const nanoseconds = read(`${directory}/cpuacct.usage`);
  if (nanoseconds !== undefined) return Number(nanoseconds) / 1e6;
  const [, microseconds] = /^usage_usec (\d+)$/m.exec(read(`${directory}/cpu.stat`) ?? "") ?? [];
  return microseconds === undefined ? undefined : Number(microseconds) / 1000;
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
