import { openState } from "../cluster/state.ts";

/** A process on a node of this checkout's cluster, as the machine under the nodes sees it. */
export interface NodeProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  /** Paths of its control groups: they name pod and container. */
  readonly cgroups: string;
  readonly environ: readonly string[];
}

/** All processes on the nodes. */
export function nodeProcesses(): NodeProcess[] {
  const mine = `/scope${openState().slot}-node`;
  return [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name)).flatMap(({ name }) => {
    const cgroups = read(`/proc/${name}/cgroup`);
    if (!cgroups.includes(mine)) return [];
    const list = (file: string) => read(`/proc/${name}/${file}`).split("\0").filter((text) => text !== "");
    return [{ pid: Number(name), argv: list("cmdline"), cgroups, environ: list("environ") }];
  });
}

/** The processes that a command line of scope started on the nodes. */
export function runProcesses(): NodeProcess[] {
  return nodeProcesses().filter(({ environ }) => environ.some((entry) => entry.startsWith("SCOPE_RUN=")));
}

/** The fping processes on the nodes. */
export function fpings(): NodeProcess[] {
  return nodeProcesses().filter(({ argv }) => argv[0] === "fping");
}

/** The processes of a pod, its sandbox among them. */
export function podProcesses(uid: string): NodeProcess[] {
  return nodeProcesses().filter(({ cgroups }) => cgroups.includes(uid) || cgroups.includes(uid.replaceAll("-", "_")));
}

/** The processes of a pod that are pid 1 of their pid namespace: they inherit the orphans. */
export function firstProcesses(uid: string): number[] {
  return podProcesses(uid).map(({ pid }) => pid).filter((pid) => {
    return /^NSpid:.*\t1$/m.test(read(`/proc/${pid}/status`));
  });
}

/** The children of a process, zombies among them. */
export function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).trim().split(" ").filter((text) => text !== "").map(Number);
}

/** What processes are, for the message of a failed test. */
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
