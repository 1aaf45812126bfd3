import { delay } from "../delay.ts";
import { readProc } from "./processes.ts";
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

/** Waits until `program` can be let in, or has ended. Returns the command that the runtime is to run in the container. */
export async function enterCommand({ pid, exit }: Pick<Program, "pid" | "exit">): Promise<string[]> {
  const ended = new AbortController();
  exit.finally(() => ended.abort()).catch(() => {});
  while (!ended.signal.aborted && readProc(pid, "comm") !== waiting) await delay(stepMs, ended.signal);
  return ended.signal.aborted ? [] : [`/proc/${pid}/exe`, "--guest", `${pid}`];
}
