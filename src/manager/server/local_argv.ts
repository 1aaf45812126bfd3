import type { NamespaceKind } from "../../tool.ts";
import { commonMounts, enterArgv } from "./enter.ts";
import { effectiveCapabilities } from "./processes.ts";
import { refusal } from "./refusal.ts";

/** Tools of a manager that runs on a user's machine and not in the endoscope image: the tools are the machine's. */
export interface LocalTools {
  /** Directory of the image's own small programs on this machine. */
  directory: string;
}

interface Wanted {
  pid: number | undefined;
  namespaces: readonly NamespaceKind[];
  /** Copies of the process's files that belong to its network. */
  files: Readonly<Record<string, string>>;
  argv: readonly string[];
}

/** Path of the image's own programs in an argument, also in gdb's `source` command. */
const inImage = /^(source )?\/opt\/scope\//;

/**
 * Returns the command that runs `argv` in namespaces of a process of this machine. A user who may not enter namespaces can
 * still run it for a process without namespaces of its own.
 *
 * Throws ConnectError: not found, permission denied.
 */
export function localArgv({ directory }: LocalTools, { pid, namespaces, files, argv }: Wanted): string[] {
  const here = argv.map((word) => word.replace(inImage, (_, before = "") => `${before}${directory}/`));
  const run = `${directory}/run`;
  if (namespaces.length === 0) return [run, ...here];
  if (pid === undefined) throw refusal("NOT_RUNNING", "the pod has no process on this machine");
  const foreign = namespaces.filter((kind) => namespaceOf(pid, kind) !== namespaceOf("self", kind));
  if (!effectiveCapabilities().includes("SYS_ADMIN")) {
    if (foreign.length === 0) return [run, ...here];
    throw refusal("NOT_PERMITTED", `process ${pid} has namespaces of its own, and you may not enter them`);
  }
  // Without tini, orphans of a tool go to the first process of the namespace, and are ended there.
  const adopt = isProgram("tini") ? ["tini", "-s", "-g", "--", `${directory}/reaper`] : [];
  const copies = namespaces.includes("net") ? files : {};
  return enterArgv({ pid, namespaces, files: copies, argv: [run, ...here], adopt, mounts: commonMounts });
}

/** Returns the name of a namespace, such as `net:[4026531840]`. Throws ConnectError. */
function namespaceOf(pid: number | "self", kind: NamespaceKind): string {
  try {
    return Deno.readLinkSync(`/proc/${pid}/ns/${kind}`);
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) {
      throw refusal("NOT_PERMITTED", `process ${pid} is another user's`);
    }
    throw refusal("NO_PROCESS", `there is no process ${pid}`);
  }
}

function isProgram(name: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((directory) => isFile(`${directory}/${name}`));
}

export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
