import { capabilityNames } from "../../way.ts";
import { isInContainer, isInPod } from "./cgroup.ts";
import type { Stat } from "../../lib/proc.ts";
import { hasLeft, parseStat, parseStatus } from "../../lib/proc.ts";

/** Every process that this manager sees; the debug pod sees the whole node. */
export function* allPids(): Iterable<number> {
  for (const { name } of Deno.readDirSync("/proc")) if (/^\d+$/.test(name)) yield Number(name);
}

/** A file of /proc/PID, or of a thread's directory below it, or nothing when that is gone meanwhile. */
export function readProc(pid: number | string, file: string): string | undefined {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/${file}`);
  } catch {
    return undefined;
  }
}

/** What this process may do, by the names without CAP_. */
export function effectiveCapabilities(): string[] {
  const { capabilities } = parseStatus(readProc(Deno.pid, "status") ?? "");
  return capabilityNames.filter((_, number) => (capabilities >> BigInt(number)) & 1n);
}

/** Reads the kernel's facts of a process; undefined when it is gone meanwhile. */
export function statOf(pid: number): Stat | undefined {
  const text = readProc(pid, "stat");
  return text === undefined || text === "" ? undefined : parseStat(text);
}

/** The threads of a process, as directories below /proc. */
export function tasksOf(pid: number): string[] {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => `${pid}/task/${name}`);
  } catch {
    return []; // gone meanwhile
  }
}

/**
 * The thread by which /proc tells of a process: its main one, or, where that has left while others go on, the first of
 * these. Nothing for a zombie.
 */
export function livingThread(pid: number): number | undefined {
  const main = statOf(pid);
  if (main === undefined) return undefined;
  if (!hasLeft(main.state)) return pid;
  const left = (task: string) => hasLeft(parseStat(readProc(task, "stat") ?? "").state);
  const living = tasksOf(pid).find((task) => !left(task));
  return living === undefined ? undefined : Number(living.slice(living.lastIndexOf("/") + 1));
}

/**
 * The text of /proc/PID/cgroup. With cgroup v1, a thread that has left counts to the root, see cgroups(7): then it is that
 * of a thread that goes on, and for a zombie that of the parent, which has yet to wait for it.
 */
export function cgroupsOf(pid: number): string {
  const text = readProc(pid, "cgroup") ?? "";
  if (!/^[1-9]\d*:.*:\/$/m.test(text)) return text;
  const stat = statOf(pid);
  if (stat === undefined || !hasLeft(stat.state)) return text;
  const thread = livingThread(pid);
  if (thread !== undefined) return readProc(thread, "cgroup") ?? text;
  return stat.parentPid > 0 ? cgroupsOf(stat.parentPid) : text;
}

/**
 * The first process of a container: the oldest one that is in it, or a thread of that by which it can be entered. Nothing
 * when the container does not run here.
 */
export function containerPid(containerId: string): number | undefined {
  return oldest((cgroups) => isInContainer(cgroups, containerId));
}

/** The oldest process of a pod, which is its sandbox and has the pod's network. Nothing when the pod is not here. */
export function podPid(podUid: string): number | undefined {
  return oldest((cgroups) => isInPod(cgroups, podUid));
}

function oldest(belongs: (cgroups: string) => boolean): number | undefined {
  return oldestOf([...allPids()].filter((pid) => belongs(cgroupsOf(pid))))?.pid;
}

/** The oldest of these processes that runs, by a thread that has not left. */
export function oldestOf(pids: readonly number[]): { pid: number; startMs: number } | undefined {
  return pids.flatMap((pid) => {
    const stat = statOf(pid), thread = livingThread(pid);
    return stat === undefined || thread === undefined ? [] : [{ pid, thread, startMs: stat.startMs }];
  }).sort((a, b) => a.startMs - b.startMs || a.pid - b.pid).map(({ thread, startMs }) => ({ pid: thread, startMs }))[0];
}

/** The root of a process, as other processes of its pid namespace see it. */
export function rootPath(pid: number): string {
  return `/proc/${parseStatus(readProc(pid, "status") ?? "").namespacePids.at(-1) ?? pid}/root`;
}
