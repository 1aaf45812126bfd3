import type { NamespaceKind } from "../../tool.ts";

export interface EnterOptions {
  /** The process whose namespaces the command enters. */
  pid: number;
  namespaces: readonly NamespaceKind[];
  /** Copies of the target's files, bind-mounted over the image's own: name in /etc → path of the copy. */
  files: Readonly<Record<string, string>>;
  argv: readonly string[];
  /** Prefix of the program in a pid namespace; by default the image's. */
  adopt?: readonly string[];
  /** Returns the prefix of a program that has mounts of its own; by default the image's program. */
  mounts?: (wanted: Mounts) => string[];
}

/** Mounts of a program's own. */
export interface Mounts {
  /** Files and the paths that they are mounted over. */
  binds: readonly (readonly [file: string, path: string])[];
  /** The process whose pid namespace the program is in; undefined: none. */
  pid: number | undefined;
}

/** The image's program for mounts, see src/images/endoscope/own_mounts.c. */
export const ownMounts = "/opt/scope/own-mounts";

const imageAdopt = ["tini", "-s", "-g", "--", "/opt/scope/reaper", "/opt/scope/run"];

/**
 * Returns the command that runs `argv` in namespaces of the target, with the image's own files. The command never enters the
 * target's mount namespace: the programs that run are always the image's.
 *
 * With `pid`, tini is the parent: it adopts the processes that the tool leaves behind, which the target's own first process
 * would otherwise have to reap. The image's reaper ends them before tini ends.
 */
export function enterArgv(
  { pid, namespaces, files, argv, adopt = imageAdopt, mounts = imageMounts }: EnterOptions,
): string[] {
  if (namespaces.length === 0) return [...argv];
  const entersPid = namespaces.includes("pid");
  const binds = Object.entries(files).map(([name, copy]) => [copy, `/etc/${name}`] as const);
  return [
    "nsenter",
    ...namespaces.map((kind) => `--${kind}=/proc/${pid}/ns/${kind}`),
    "--",
    ...binds.length > 0 || entersPid ? mounts({ binds, pid: entersPid ? pid : undefined }) : [],
    ...(entersPid ? adopt : []),
    ...argv,
  ];
}

/** The image's program also protects the target's mounts from changes made through the target's root. */
function imageMounts({ binds, pid }: Mounts): string[] {
  const options = [...binds.flatMap((bind) => ["--bind", ...bind]), ...pid === undefined ? [] : ["--pid", `${pid}`]];
  return [ownMounts, ...options, "--"];
}

/** Bind-mounts $1 files given as pairs, mounts /proc when $2 is 1, and executes the rest. */
const script = [
  `files=$1 proc=$2; shift 2`,
  `while [ "$files" -gt 0 ]; do mount --bind "$1" "$2" || exit 125; shift 2; files=$((files - 1)); done`,
  `[ "$proc" = 0 ] || mount -t proc proc /proc || exit 125`,
  `exec "$@"`,
].join("\n");

/** Makes the mounts by programs that any machine has, and protects nothing. */
export function commonMounts({ binds, pid }: Mounts): string[] {
  const counts = [`${binds.length}`, pid === undefined ? "0" : "1"];
  return ["unshare", "--mount", "--", "sh", "-c", script, "sh", ...counts, ...binds.flat()];
}
