import { parseStack, parseStat, parseStatus } from "../../lib/proc.ts";
import { readProc, tasksOf } from "./processes.ts";

/** As in manager.proto, which says what the fields mean. */
export interface BlockedInfo {
  thread: number;
  functions: string[];
  frozen: boolean;
  switches: bigint;
}

/** Threads of one process that are looked at. */
const mostThreads = 1000;
/** Kernel functions of the stack that are told. */
const mostFunctions = 8;
/** Where the freezer of cgroup v2 holds a thread, which is then in state S: one is often inlined in the other. */
const freezerTraps: ReadonlySet<string> = new Set(["do_freezer_trap", "get_signal"]);

/** The first thread of a process that no signal and no tracer reaches; nothing where there is none. */
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

/** The kernel function that a thread waits in; empty where it may not be known. */
function functionOf(task: string): string {
  const name = readProc(task, "wchan") ?? "0";
  return name === "0" ? "" : name;
}

/** Whether the freezer of cgroup v1 holds a process. False where its files are out of reach. */
function isFrozen(pid: number): boolean {
  const path = /^\d+:freezer:(.*)$/m.exec(readProc(pid, "cgroup") ?? "")?.[1];
  if (path === undefined) return false;
  // A debug pod sees its own group only; the node's first process sees all.
  const states = [1, Deno.pid].map((of) => readProc(of, `root/sys/fs/cgroup/freezer${path}/freezer.state`));
  return states.some((state) => state !== undefined && state.trim() !== "THAWED");
}
