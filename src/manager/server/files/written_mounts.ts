import { join } from "./names.ts";
import type { Name } from "./names.ts";

/** As WriteMount in manager.proto. */
export interface WrittenMount {
  path: Name;
  emptyDir: Name;
  layer: boolean;
}

/**
 * The mount that a path is on, and those below it, read from /proc/PID/mountinfo; the path is absolute and has no links.
 * A kubelet's emptyDir is told by the directory that is mounted. See proc_pid_mountinfo(5).
 */
export function mountsAt(mountinfo: string, path: Name): WrittenMount[] {
  const top = path.replace(/\/+$/, "");
  const found = new Map<Name, WrittenMount>();
  let own = "";
  for (const line of mountinfo.split("\n")) {
    const [, , , root = "", point = ""] = line.split(" ").map(unescaped);
    const at = point.replace(/\/+$/, ""), isAbove = top === at || top.startsWith(`${at}/`);
    if (point === "" || !isAbove && !at.startsWith(`${top}/`)) continue;
    // Of several on the same path the last is on top.
    const [, emptyDir = ""] = /\/kubernetes\.io~empty-dir\/([^/]+)/.exec(root) ?? [];
    const mount = { path: isAbove ? "" : at.slice(top.length + 1), emptyDir, layer: at === "" };
    if (isAbove && at.length < own.length) continue;
    if (isAbove) own = at;
    found.set(mount.path, mount);
  }
  return [...found.values()];
}

/** Blanks and backslashes stand there in octal. */
function unescaped(field: string): Name {
  return field.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
}

/** The path of an open directory as its process sees it, from the paths of both as /proc tells them to the manager. */
export function pathBelow(root: Name, directory: Name): Name {
  const at = root.replace(/\/+$/, "");
  return directory === at || directory.startsWith(`${at}/`) ? join("/", directory.slice(at.length + 1)) : directory;
}
