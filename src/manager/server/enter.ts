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
  /** Program that protects the target's mounts from changes made through the target's root; by default the image's. */
  hold?: readonly string[];
}

const imageHold = ["/opt/scope/hold-mounts"];
const imageAdopt = ["tini", "-s", "-g", "--", "/opt/scope/reaper", "/opt/scope/run"];

/** Bind-mounts $1 files given as pairs, mounts /proc when $2 is 1, and executes the rest. */
const mountScript = [
  `files=$1 proc=$2; shift 2`,
  `while [ "$files" -gt 0 ]; do mount --bind "$1" "$2" || exit 125; shift 2; files=$((files - 1)); done`,
  `[ "$proc" = 0 ] || mount -t proc proc /proc || exit 125`,
  `exec "$@"`,
].join("\n");

/**
 * Returns the command that runs `argv` in namespaces of the target, with the image's own files. The command never enters the
 * target's mount namespace: the programs that run are always the image's.
 *
 * With `pid`, tini is the parent: it adopts the processes that the tool leaves behind, which the target's own first process
 * would otherwise have to reap. The image's reaper ends them before tini ends.
 */
export function enterArgv(
  { pid, namespaces, files, argv, adopt = imageAdopt, hold = imageHold }: EnterOptions,
): string[] {
  if (namespaces.length === 0) return [...argv];
  const entersPid = namespaces.includes("pid");
  const binds = Object.entries(files).flatMap(([name, copy]) => [copy, `/etc/${name}`]);
  const mounts = binds.length > 0 || entersPid
    ? [
      "unshare",
      "--mount",
      "--",
      // The node's /proc is still mounted here.
      ...(entersPid && hold.length > 0 ? [...hold, `${pid}`] : []),
      "sh",
      "-c",
      mountScript,
      "sh",
      `${binds.length / 2}`,
      entersPid ? "1" : "0",
      ...binds,
    ]
    : [];
  return [
    "nsenter",
    ...namespaces.map((kind) => `--${kind}=/proc/${pid}/ns/${kind}`),
    "--",
    ...mounts,
    ...(entersPid ? adopt : []),
    ...argv,
  ];
}
