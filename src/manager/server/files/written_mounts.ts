import { join } from "./names.ts";
import type { Name } from "./names.ts";

/** A mount at or below a destination; see WriteMount in manager.proto. */
export interface WrittenMount {
  path: Name;
  emptyDir: Name;
  layer: boolean;
}

/**
 * Returns the mount that a path is on, and those below it, read from /proc/PID/mountinfo; the path is absolute and without
 * symlinks. An emptyDir of the kubelet is recognised by the directory that is mounted. See proc_pid_mountinfo(5).
 */
export function mountsAt(mountinfo: string, path: Name): WrittenMount[] {
  const top = path.replace(/\/+$/, "");
  const found = new Map<Name, WrittenMount>();
  let nearest = "";
  for (const line of mountinfo.split("\n")) {
    const [, , , root = "", point = ""] = line.split(" ").map(unescaped);
    const at = point.replace(/\/+$/, ""), isAbove = top === at || top.startsWith(`${at}/`);
    if (point === "" || !isAbove && !at.startsWith(`${top}/`)) continue;
    // Of several mounts on the same path the last is the topmost.
    const [, emptyDir = ""] = /\/kubernetes\.io~empty-dir\/([^/]+)/.exec(root) ?? [];
    const mount = { path: isAbove ? "" : at.slice(top.length + 1), emptyDir, layer: at === "" };
    if (isAbove && at.length < nearest.length) continue;
    if (isAbove) nearest = at;
    found.set(mount.path, mount);
  }
  return [...found.values()];
}

/** Decodes spaces and backslashes, which mountinfo escapes in octal. */
function unescaped(field: string): Name {
  return field.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
}

/**
 * Returns the path of an open directory as its process sees it, from the paths of the root and the directory that /proc
 * reports to the manager.
 */
export function pathBelow(root: Name, directory: Name): Name {
  const at = root.replace(/\/+$/, "");
  return directory === at || directory.startsWith(`${at}/`) ? join("/", directory.slice(at.length + 1)) : directory;
}
