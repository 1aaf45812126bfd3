import { until } from "../cluster/wait.ts";
import { type Pod } from "./kube.ts";
import { nodeProcesses, podProcesses } from "./node_processes.ts";

/** State of a thread on a node, as seen from this machine. */
interface Thread {
  readonly state: string;
  readonly tracer: string;
}

/** Returns the threads of a pod's processes whose command line contains `part`. */
export function threadsOf({ metadata }: Pod, part: string): Thread[] {
  const processes = podProcesses(metadata.uid).filter(({ argv }) => argv.join(" ").includes(part));
  return processes.flatMap(({ pid }) => tasksOf(pid)).flatMap((task): Thread[] => {
    try {
      const status = Deno.readTextFileSync(`${task}/status`);
      const value = (key: string) => new RegExp(`^${key}:\\s*(\\S+)`, "m").exec(status)?.[1] ?? "";
      return [{ state: value("State"), tracer: value("TracerPid") }];
    } catch {
      return []; // ended meanwhile
    }
  });
}

/** Waits until these processes are not traced, and none of their threads is stopped. */
export async function untilFree(pod: Pod, part: string, seconds: number): Promise<void> {
  const free = () => {
    const threads = threadsOf(pod, part);
    return threads.length > 0 && threads.every(({ state, tracer }) => /[RSDZ]/.test(state) && tracer === "0");
  };
  await until(`"${part}" to run on`, seconds, free, { missing: () => JSON.stringify(threadsOf(pod, part)) });
}

/** Returns the CPU time used by these processes, in clock ticks, to see whether they run. */
export function ticksOf({ metadata }: Pod, part: string): number {
  const processes = podProcesses(metadata.uid).filter(({ argv }) => argv.join(" ").includes(part));
  return processes.reduce((sum, { pid }) => {
    try {
      const stat = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
      return sum + Number(stat[11]) + Number(stat[12]);
    } catch {
      return sum; // ended meanwhile
    }
  }, 0);
}

/** Waits until no strace runs on the nodes. */
export async function untilNoStrace(seconds: number): Promise<void> {
  const straces = () => nodeProcesses().filter(({ argv }) => /(^|\/)strace$/.test(argv[0] ?? ""));
  await until("strace to end", seconds, () => straces().length === 0, { missing: () => JSON.stringify(straces()) });
}

function tasksOf(pid: number): string[] {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => `/proc/${pid}/task/${name}`);
  } catch {
    return [];
  }
}
