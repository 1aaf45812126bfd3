import { delay } from "../../lib/delay.ts";
import { hasExited } from "../../lib/proc.ts";
import { readProc, statOf } from "./processes.ts";
import type { Program } from "./program.ts";

export interface InsideOptions {
  /** The process whose namespaces, root, environment and rights the command takes over. */
  pid: number;
  /** The command runs as root with all rights of the manager. */
  privileged: boolean;
  /** UID or UID:GID; empty: the target's. */
  user: string;
  /** The manager shares all namespaces of the target except the mount namespace, as in an ephemeral container. */
  sharedNamespaces: boolean;
  /** The container runtime starts the command, because the mount namespace cannot be entered from an ephemeral container. */
  byRuntime: boolean;
  /** Empty: run a shell. */
  argv: readonly string[];
}

/**
 * Prompt that names the target: nothing else distinguishes the shell from the target's own. For its syntax see busybox's
 * ash.
 */
export const insidePrompt = String.raw`\[\e[36m\]$SCOPE_TARGET\[\e[0m\] inside:\w\$ `;

/**
 * Returns the command that runs `argv` inside the target: in all of its namespaces and its root, and with no right that the
 * target does not have. The image's static busybox starts it; see images/endoscope/inside.c.
 */
export function insideArgv({ pid, privileged, user, sharedNamespaces, byRuntime, argv }: InsideOptions): string[] {
  return [
    // In a container of the pod, the limits for tools apply to this command as well.
    ...(sharedNamespaces ? ["/opt/scope/run"] : []),
    "/opt/scope/inside",
    "--pid",
    `${pid}`,
    ...(byRuntime ? ["--by-runtime"] : sharedNamespaces ? ["--chroot-only"] : []),
    ...(privileged ? ["--privileged"] : []),
    ...(user === "" ? [] : ["--user", user]),
    "--",
    ...(argv.length === 0 ? ["sh"] : argv),
  ];
}

/** Name of the program while it waits for the runtime: see images/endoscope/inside_runtime.c. */
const waiting = "inside waits\n";
/** Interval of the checks, in milliseconds. */
const stepMs = 5;

/**
 * Resolves to true when `program` waits for the runtime, and to false when it has ended. Reads /proc, because the exit of
 * `program` is reported only after its output was read.
 */
export async function waitsForRuntime({ pid }: Pick<Program, "pid">, gone: AbortSignal): Promise<boolean> {
  while (!gone.aborted) {
    if (readProc(pid, "comm") === waiting) return true;
    const stat = statOf(pid);
    if (stat === undefined || hasExited(stat.state)) return false;
    await delay(stepMs, gone);
  }
  return false;
}
