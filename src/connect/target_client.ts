import { isAsTarget } from "../tool.ts";
import type { TargetClient } from "../context.ts";
import type { InsideCall, Run, RunOptions } from "../tool.ts";
import { ScopeError } from "../errors.ts";
import type { BlockedSeen, ProcessSeen } from "../event.ts";
import { now } from "../lib/timed.ts";
import type { ManagerConnection } from "../manager/client/connection.ts";
import { Unanswered } from "../manager/client/connection.ts";
import { makeFiles } from "../manager/client/files_client.ts";
import { bypass } from "../manager/client/bypass_client.ts";
import { redirect } from "../manager/client/redirect_client.ts";
import { startRun } from "../manager/client/run_client.ts";
import type { Target } from "../target.ts";
import { targetName } from "../target.ts";
import type { ManagerEndpoint } from "./manager_endpoint.ts";
import { bypassTrouble } from "./bypass_trouble.ts";
import { unanswered } from "./connect.ts";
import { userAtHost } from "../terminal/user.ts";
import { redirectTrouble } from "./redirect_trouble.ts";
import type { Refusal } from "../manager/client/refusals.ts";
import { messageOf, refusalOf } from "../manager/client/refusals.ts";

export interface TargetClientOptions {
  target: Target;
  /** Name for prompts and messages, if it is not the target's pod. */
  name?: string;
  connection: ManagerConnection;
  endpoint: ManagerEndpoint;
  /** Interrupt, which ends every pending call. */
  signal: AbortSignal;
  /** Starts to watch the target; the returned signal is aborted when the cluster reports the target as gone. */
  watch(): AbortSignal;
  dispose(): Promise<void>;
}

/** Makes the client with which a command runs programs and calls in a target. */
export function makeTargetClient(
  { target, name, connection, endpoint, signal, watch, dispose }: TargetClientOptions,
): TargetClient {
  let watched: AbortSignal | undefined;
  const where = name === undefined ? `beside "${target.namespace}/${target.pod}"` : `on "${name}"`;
  const targetGone = () => watched ??= watch();
  const fail = (error: unknown) => translateCall(error, connection, endpoint, where, watched);
  const runtimeExec = (call: InsideCall) => isAsTarget(call) ? endpoint.runtimeExec : undefined;
  const listProcesses = async (pids: readonly number[] = []) => {
    const containers = target.containers.filter(({ id }) => id !== "");
    const answer = connection.calls.ps({ containers, pids: [...pids] }, { signal });
    const { processes } = await answer.catch(async (error: unknown) => {
      throw signal.aborted ? signal.reason : await fail(error);
    });
    const time = now();
    return processes.map((process) => processSeen(process, target, time));
  };
  return {
    target,
    way: endpoint.way,
    capabilities: endpoint.capabilities,
    protectsMounts: (call) => endpoint.way === "node" || runtimeExec(call) !== undefined,
    get targetGone() {
      return targetGone();
    },
    run(options: RunOptions): Run {
      targetGone(); // starts the watch, which short calls do not need
      return startRun(
        connection,
        options,
        {
          podUid: target.uid,
          containerId: target.container.id,
          name: name ?? targetName(target),
        },
        fail,
        { runtimeExec: runtimeExec(options), exec: endpoint.exec },
      );
    },
    processes: () => listProcesses(),
    process: async (pid) => (await listProcesses([pid])).find((process) => process.pid === pid),
    redirect: (call) =>
      redirect(
        connection,
        target,
        { ...call, exec: endpoint.exec },
        async (error) => redirectTrouble(error, target) ?? await fail(error),
      ),
    bypass: (call) =>
      bypass(
        connection,
        target,
        { ...call, owner: userAtHost() },
        async (error) => bypassTrouble(error, target) ?? await fail(error),
      ),
    files: makeFiles({
      connection,
      target: { podUid: target.uid, containerId: target.container.id },
      translate: fail,
    }),
    [Symbol.asyncDispose]: dispose,
  };
}

type Process = Awaited<ReturnType<ManagerConnection["calls"]["ps"]>>["processes"][number];

function processSeen(process: Process, { namespace, pod }: Target, time: string): ProcessSeen {
  return {
    type: "pids.process",
    time,
    ...(pod === "" ? {} : { namespace, pod }),
    container: process.container,
    pid: process.pid,
    containerPid: process.containerPid,
    parentPid: process.parentPid,
    threads: process.threads,
    uid: process.uid,
    user: process.user || String(process.uid),
    state: process.state,
    cpuMs: Number(process.cpuMs),
    cpuPercent: percent(Number(process.cpuMs), Number(process.ageMs)),
    residentBytes: Number(process.residentBytes),
    command: process.command,
    listening: process.listening,
    started: new Date(Date.parse(time) - Number(process.ageMs)).toISOString(),
    ...(process.tracerPid === 0 ? {} : { tracerPid: process.tracerPid }),
    ...(process.thread === 0 ? {} : { thread: process.thread }),
    ...(process.blocked === undefined ? {} : { blocked: blockedSeen(process.blocked) }),
  };
}

function blockedSeen({ thread, functions, frozen, switches }: NonNullable<Process["blocked"]>): BlockedSeen {
  return { thread, functions, frozen, switches: Number(switches) };
}

/** Returns a percentage with one decimal; 0 for a process that just started. */
function percent(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.round(part / whole * 1000) / 10;
}

/** Translates an error of a call to the manager into an error for users; `where` is for example `beside "shop/web"`. */
export async function translateCall(
  error: unknown,
  connection: ManagerConnection,
  { place, whyEnded }: ManagerEndpoint,
  where: string,
  lost?: AbortSignal,
): Promise<unknown> {
  if (error instanceof ScopeError) return error;
  if (lost?.aborted) return lost.reason;
  const refusal = refusalOf(error);
  if (refusal !== undefined) return refusedCall(refusal, where, error);
  const why = connection.lost.aborted ? await whyEnded() : undefined;
  if (lost?.aborted) return lost.reason;
  if (why instanceof ScopeError) return why;
  const { reason } = connection.lost;
  if (reason instanceof Unanswered && !reason.ever) return unanswered(place, reason, why);
  return new ScopeError("unreachable", `Lost the connection to the manager in ${place}`, {
    cause: error,
    hint: why ?? messageOf(error),
  });
}

/** Returns the error for a call that the manager refused. */
function refusedCall({ reason, message }: Refusal, where: string, cause: unknown): ScopeError {
  switch (reason) {
    case "SILENT_FILE_SYSTEM":
    case "TOO_MANY_SILENT":
      return new ScopeError(
        reason === "SILENT_FILE_SYSTEM" ? "timeout" : "unreachable",
        `Cannot reach the files ${where}: ${message}`,
        {
          cause,
          hint: "its server may be gone, as of NFS; the target's /proc/PID/mountinfo says what is mounted where",
        },
      );
    case "NOT_PERMITTED":
    case "NO_NET_ADMIN":
      return new ScopeError("denied", `Cannot run this ${where}: ${message}`, {
        cause,
        hint: "run scope as root, for example with sudo",
      });
    default:
      return new ScopeError("notFound", `Cannot run this ${where}: ${message}`, { cause });
  }
}
