import { parseStack, parseStat, parseStatus } from "../../lib/proc.ts";
import { readProc, tasksOf } from "./processes.ts";

/** A blocked thread; manager.proto documents the fields. */
export interface BlockedInfo {
  thread: number;
  functions: string[];
  frozen: boolean;
  switches: bigint;
}

/** Limit of the threads examined in one process. */
const mostThreads = 1000;
/** Limit of the kernel functions reported from the stack. */
const mostFunctions = 8;
/**
 * Functions in which the freezer of cgroup v2 holds a thread, whose state is then S: the compiler often inlines one in the
 * other.
 */
const freezerTraps: ReadonlySet<string> = new Set(["do_freezer_trap", "get_signal"]);

/** Returns the first thread of a process that neither a signal nor a tracer can reach, or undefined. */
export function blockedThread(pid: number): BlockedInfo | undefined {
  for (const task of tasksOf(pid).slice(0, mostThreads)) {
    const { state } = parseStat(readProc(task, "stat") ?? "");
    if (state !== "D" && state !== "S") continue;
    const waitsIn = functionOf(task), trapped = state === "S" && freezerTraps.has(waitsIn);
    if (state === "S" && !trapped) continue;
    const stack = parseStack(readProc(task, "stack") ?? "").slice(0, mostFunctions);
    return {
      thread: Number(task.slice(task.lastIndexOf("/") + 1)),
      functions: stack.length > 0 ? stack : waitsIn === "" ? [] : [waitsIn],
      frozen: trapped || isFrozen(pid),
      switches: BigInt(parseStatus(readProc(task, "status") ?? "").switches),
    };
  }
  return undefined;
}

/** Returns the kernel function that a thread waits in, or "" where the kernel hides it. */
function functionOf(task: string): string {
  const name = readProc(task, "wchan") ?? "0";
  return name === "0" ? "" : name;
}

/** Returns true when the freezer of cgroup v1 holds a process, false where the freezer's files are out of reach. */
function isFrozen(pid: number): boolean {
  const path = /^\d+:freezer:(.*)$/m.exec(readProc(pid, "cgroup") ?? "")?.[1];
  if (path === undefined) return false;
  // A debug pod sees only its own cgroup; the node's process 1 sees all of them.
  const states = [1, Deno.pid].map((of) => readProc(of, `root/sys/fs/cgroup/freezer${path}/freezer.state`));
  return states.some((state) => state !== undefined && state.trim() !== "THAWED");
}
