import { delay } from "../../lib/delay.ts";
import { hasLeft } from "../../lib/proc.ts";
import { readProc, statOf } from "./processes.ts";
import type { Program } from "./program.ts";

export interface InsideOptions {
  /** The process whose namespaces, root, environment and rights are taken over. */
  pid: number;
  /** With all rights of the manager, as root. */
  privileged: boolean;
  /** UID or UID:GID; empty: as the target. */
  user: string;
  /** The manager is in the target's namespaces but for that of mounts, as in an ephemeral container. */
  sharedNamespaces: boolean;
  /** The container's runtime lets it in, as there the namespace of mounts cannot be entered. */
  byRuntime: boolean;
  /** Empty: a shell. */
  argv: readonly string[];
}

/** Says which shell this is: nothing else in there tells it from one of the target's own. Of busybox, see its ash. */
export const insidePrompt = String.raw`\[\e[36m\]$SCOPE_TARGET\[\e[0m\] inside:\w\$ `;

/**
 * The command that runs `argv` inside the target: in all of its namespaces and its root, and with no right that it does
 * not have. What starts it is the image's static busybox; see images/endoscope/inside.c.
 */
export function insideArgv({ pid, privileged, user, sharedNamespaces, byRuntime, argv }: InsideOptions): string[] {
  return [
    // In a container of the pod, the limits for tools hold for this one, too.
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

/** The name of the program while it waits for the runtime: see images/endoscope/inside_runtime.c. */
const waiting = "inside waits\n";
/** Interval of the checks, in milliseconds. */
const stepMs = 5;

/**
 * Resolves to true once `program` waits to be let in, and to false when it has ended. That is read from /proc: its exit is told
 * only when its output was read.
 */
export async function waitsForRuntime({ pid }: Pick<Program, "pid">, gone: AbortSignal): Promise<boolean> {
  while (!gone.aborted) {
    if (readProc(pid, "comm") === waiting) return true;
    const stat = statOf(pid);
    if (stat === undefined || hasLeft(stat.state)) return false;
    await delay(stepMs, gone);
  }
  return false;
}
