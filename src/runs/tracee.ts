import type { TargetClient } from "../context.ts";
import { ScopeError } from "../errors.ts";
import type { ProcessSeen } from "../event.ts";
import { refusal, tracedAlready } from "./ptrace.ts";
import { outputOf } from "./run_output.ts";

/**
 * Returns the process for a tracer to attach to: the one with this pid, or else the first of the target's container. A
 * process that is not the target's is accepted, with a notice.
 *
 * Throws ScopeError: notFound, unreachable (the container does not run), denied (traced by another process), usage (cannot
 * be traced).
 */
export async function findTracee(
  client: TargetClient,
  pid: number | undefined,
  notice: (text: string) => void,
): Promise<ProcessSeen> {
  const process = pid === undefined ? await firstProcess(client) : await processOf(client, pid, notice);
  if (process.state === "Z" || process.state === "X") {
    throw new ScopeError("notFound", `Process ${quoted(process)} has ended, and only waits for its parent`, {
      hint: "scope pids lists the target's processes",
    });
  }
  if (isKernelThread(process)) {
    throw new ScopeError("usage", `Process ${quoted(process)} is a thread of the kernel, and makes no system calls`, {
      hint: "scope pids lists the target's processes",
    });
  }
  const { tracerPid } = process;
  if (tracerPid !== undefined) {
    throw tracedAlready(quoted(process), tracerPid, (await client.process(tracerPid))?.command);
  }
  return process;
}

/**
 * Returns the error that names the reason why the kernel refused a tracer, and a remedy. Called after the refusal.
 *
 * Source: ptrace(2), "Ptrace access mode checking".
 */
export async function whyNotTraceable(
  client: TargetClient,
  { pid }: ProcessSeen,
  signal: AbortSignal,
): Promise<ScopeError> {
  const process = await client.process(pid);
  if (process === undefined || process.state === "Z") {
    return new ScopeError("notFound", `Process "${pid}" has ended`, {
      hint: "scope pids lists the target's processes",
    });
  }
  const { tracerPid } = process;
  if (tracerPid !== undefined) {
    return tracedAlready(quoted(process), tracerPid, (await client.process(tracerPid))?.command);
  }
  const argv = ["cat", "/proc/sys/kernel/yama/ptrace_scope"];
  const { stdout } = await outputOf(client.run({ argv, namespaces: [] }), signal);
  return refusal({
    process: quoted(process),
    node: client.target.node,
    way: client.way,
    mayTrace: client.capabilities.has("SYS_PTRACE"),
    yama: stdout,
  });
}

/** Returns the process for errors, which quote values: `"4242" (nginx: master)`. */
export function quoted({ pid, command }: ProcessSeen): string {
  return `"${pid}" (${shortened(command)})`;
}

/** Returns the process for people: `4242 (nginx: master)`. */
export function processText({ pid, command }: ProcessSeen): string {
  return `${pid} (${shortened(command)})`;
}

function shortened(command: string): string {
  return command.length > 60 ? `${command.slice(0, 59)}…` : command;
}

async function firstProcess(client: TargetClient): Promise<ProcessSeen> {
  const { namespace, pod, container } = client.target;
  const found = (await client.processes())
    .filter((one) => one.container === container.name && one.state !== "Z")
    .sort((a, b) => Date.parse(a.started) - Date.parse(b.started) || a.pid - b.pid)[0];
  if (found !== undefined) return found;
  throw new ScopeError("unreachable", `Container "${container.name}" of pod "${namespace}/${pod}" does not run`, {
    hint: `kubectl describe pod -n ${namespace} ${pod} says why; --container NAME chooses another`,
  });
}

async function processOf(client: TargetClient, pid: number, notice: (text: string) => void): Promise<ProcessSeen> {
  const { namespace, pod, node } = client.target;
  const found = await client.process(pid);
  if (found === undefined) {
    const where = client.way === "ephemeral" ? `beside pod "${namespace}/${pod}"` : `on node "${node}"`;
    throw new ScopeError("notFound", `Cannot find process "${pid}" ${where}`, {
      hint: "scope pids lists the target's processes",
    });
  }
  if (found.container === "" && pid === 1 && client.way === "node") {
    // In an ephemeral container pid 1 is the target; here it is the node's init, on which the whole node depends.
    throw new ScopeError("usage", `Process ${quoted(found)} is the first of node "${node}", and not the target's`, {
      hint: `scope pids lists the target's by their pids on the node; scope node ${node} reaches the node's own`,
    });
  }
  // On the local machine there is no pod, so no process is foreign.
  if (found.container === "" && pod !== "" && !isKernelThread(found)) {
    notice(`process ${processText(found)} is not of pod "${namespace}/${pod}"; it is on the same node`);
  }
  return found;
}

/** Returns true for kthreadd, whose pid is 2, and its children; they have no memory of their own. */
function isKernelThread({ pid, parentPid, residentBytes, command, container }: ProcessSeen): boolean {
  return container === "" && residentBytes === 0 && command.startsWith("[") && (pid === 2 || parentPid === 2);
}
