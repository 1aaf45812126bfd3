import { capabilityNames } from "../../way.ts";
import { isInContainer, isInPod } from "./cgroup.ts";
import type { Stat } from "../../lib/proc.ts";
import { hasExited, parseStat, parseStatus } from "../../lib/proc.ts";

/** Yields every process that this manager sees; the manager of a debug pod sees the whole node. */
export function* allPids(): Iterable<number> {
  for (const { name } of Deno.readDirSync("/proc")) if (/^\d+$/.test(name)) yield Number(name);
}

/** Returns a file of /proc/PID or of a thread's directory below it, or undefined when the process has ended. */
export function readProc(pid: number | string, file: string): string | undefined {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/${file}`);
  } catch {
    return undefined;
  }
}

/** Returns the effective capabilities of this process, without the prefix CAP_. */
export function effectiveCapabilities(): string[] {
  const { capabilities } = parseStatus(readProc(Deno.pid, "status") ?? "");
  return capabilityNames.filter((_, number) => (capabilities >> BigInt(number)) & 1n);
}

/** Reads /proc/PID/stat; returns undefined when the process has ended. */
export function statOf(pid: number): Stat | undefined {
  const text = readProc(pid, "stat");
  return text === undefined || text === "" ? undefined : parseStat(text);
}

/** Returns the directories of a process's threads, relative to /proc. */
export function tasksOf(pid: number): string[] {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => `${pid}/task/${name}`);
  } catch {
    return []; // the process has ended
  }
}

/**
 * Returns the thread that represents a process in /proc: the main thread, or, if that has exited while others run, the first
 * of the others. Returns undefined for a zombie.
 */
export function livingThread(pid: number): number | undefined {
  const main = statOf(pid);
  if (main === undefined) return undefined;
  if (!hasExited(main.state)) return pid;
  const left = (task: string) => hasExited(parseStat(readProc(task, "stat") ?? "").state);
  const living = tasksOf(pid).find((task) => !left(task));
  return living === undefined ? undefined : Number(living.slice(living.lastIndexOf("/") + 1));
}

/**
 * Returns the text of /proc/PID/cgroup. With cgroup v1, an exited thread counts to the root, see cgroups(7): then returns
 * the text of a thread that still runs, and for a zombie that of its parent, which has not waited for it yet.
 */
export function cgroupsOf(pid: number): string {
  const text = readProc(pid, "cgroup") ?? "";
  if (!/^[1-9]\d*:.*:\/$/m.test(text)) return text;
  const stat = statOf(pid);
  if (stat === undefined || !hasExited(stat.state)) return text;
  const thread = livingThread(pid);
  if (thread !== undefined) return readProc(thread, "cgroup") ?? text;
  return stat.parentPid > 0 ? cgroupsOf(stat.parentPid) : text;
}

/**
 * Returns the first process of a container: the oldest process in it, or the thread of that process by which it can be
 * entered. Returns undefined when the container does not run here.
 */
export function containerPid(containerId: string): number | undefined {
  return oldest(containerId, (cgroups) => isInContainer(cgroups, containerId));
}

/**
 * Returns the oldest process of a pod, which is its sandbox and has the pod's network. Returns undefined when the pod is not
 * here.
 */
export function podPid(podUid: string): number | undefined {
  return oldest(podUid, (cgroups) => isInPod(cgroups, podUid));
}

/** The oldest processes that were found, by the id of the container or the pod, and their start, in milliseconds since boot. */
const found = new Map<string, { pid: number; startMs: number }>();
/** Limit of their number. */
const mostFound = 1000;

/** While the oldest process runs, it stays the oldest: then its node's other processes are not read again. */
function oldest(id: string, belongs: (cgroups: string) => boolean): number | undefined {
  const known = found.get(id), stat = known && statOf(known.pid);
  const runs = stat !== undefined && stat.startMs === known?.startMs && !hasExited(stat.state);
  if (runs && belongs(cgroupsOf(known.pid))) return known.pid;
  const pid = oldestOf([...allPids()].filter((pid) => belongs(cgroupsOf(pid))))?.pid;
  found.delete(id);
  if (pid === undefined) return undefined;
  if (found.size >= mostFound) found.clear();
  found.set(id, { pid, startMs: statOf(pid)?.startMs ?? 0 });
  return pid;
}

/** Returns the oldest of these processes that runs, represented by a thread that has not exited. */
export function oldestOf(pids: readonly number[]): { pid: number; startMs: number } | undefined {
  return pids.flatMap((pid) => {
    const stat = statOf(pid), thread = livingThread(pid);
    return stat === undefined || thread === undefined ? [] : [{ pid, thread, startMs: stat.startMs }];
  }).sort((a, b) => a.startMs - b.startMs || a.pid - b.pid).map(({ thread, startMs }) => ({ pid: thread, startMs }))[0];
}

/** Returns the root of a process, as other processes of its pid namespace see it. */
export function rootPath(pid: number): string {
  return `/proc/${parseStatus(readProc(pid, "status") ?? "").namespacePids.at(-1) ?? pid}/root`;
}

/** Returns the time since the machine's start, in milliseconds: in steps of 10, as the starts of processes. */
export function uptimeMs(): number {
  return Math.round(Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]) * 100) * 10;
}
