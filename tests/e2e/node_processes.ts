import { openState } from "../cluster/state.ts";

/** A process on a node of this checkout's cluster, as seen from this machine, which runs the nodes. */
export interface NodeProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  /** Paths of its cgroups, which contain the ids of pod and container. */
  readonly cgroups: string;
  readonly environ: readonly string[];
}

/** Returns all processes on the nodes. */
export function nodeProcesses(): NodeProcess[] {
  const mine = `/scope${openState().slot}-node`;
  return [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name)).flatMap(({ name }) => {
    const cgroups = read(`/proc/${name}/cgroup`);
    if (!cgroups.includes(mine)) return [];
    const list = (file: string) => read(`/proc/${name}/${file}`).split("\0").filter((text) => text !== "");
    return [{ pid: Number(name), argv: list("cmdline"), cgroups, environ: list("environ") }];
  });
}

/** Returns the processes that command lines of scope started on the nodes. */
export function runProcesses(): NodeProcess[] {
  return nodeProcesses().filter(({ environ }) => environ.some((entry) => entry.startsWith("SCOPE_RUN=")));
}

/** Returns the execs that copy between a client and a pipe of a manager. */
export function pipeExecs(): NodeProcess[] {
  return runProcesses().filter(({ argv }) => argv.join(" ") === "cat");
}

/** Returns the fping processes on the nodes. */
export function fpings(): NodeProcess[] {
  return nodeProcesses().filter(({ argv }) => argv[0] === "fping");
}

/** Returns the processes of a pod, including its sandbox. */
export function podProcesses(uid: string): NodeProcess[] {
  return nodeProcesses().filter(({ cgroups }) => cgroups.includes(uid) || cgroups.includes(uid.replaceAll("-", "_")));
}

/** Returns the pids of a pod's processes that are pid 1 of their pid namespace, and so inherit the orphans. */
export function firstProcesses(uid: string): number[] {
  return podProcesses(uid).map(({ pid }) => pid).filter((pid) => {
    return /^NSpid:.*\t1$/m.test(read(`/proc/${pid}/status`));
  });
}

/** Returns the children of a process, including zombies. */
export function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).trim().split(" ").filter((text) => text !== "").map(Number);
}

/** Describes processes for the message of a failed test. */
export function describe(processes: readonly NodeProcess[]): string[] {
  return processes.map(({ pid, argv }) => `${pid} ${argv.join(" ")}`);
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return ""; // ended meanwhile
  }
}
