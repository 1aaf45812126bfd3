import { ScopeError } from "../../errors.ts";
import { parsePodReference } from "../../target.ts";

/** A source or destination of a copy. */
export type CopyPlace = { side: "local"; path: string } | PodPlace;

export interface PodPlace {
  side: "pod";
  path: string;
  /** NAME or TYPE/NAME; undefined: the pod that the options select. */
  pod?: string;
  namespace?: string;
}

const label = "[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?";
const remote = new RegExp(`^((?:${label}/){0,2}${label})?:(.*)$`, "s");

/**
 * Parses `[[NAMESPACE/]POD]:PATH`, where POD may be TYPE/NAME as with --pod. Any other text is a local path; a local path
 * with a colon is written `./a:b`.
 */
export function parseCopyPlace(text: string): CopyPlace {
  const [, before, path] = remote.exec(text) ?? [];
  if (path === undefined) return { side: "local", path: text };
  if (before === undefined) return { side: "pod", path };
  const typed = parsePodReference(before);
  if (typed !== undefined) return { side: "pod", path, pod: before };
  const slash = before.indexOf("/"), namespace = before.slice(0, slash), pod = before.slice(slash + 1);
  return parsePodReference(pod) === undefined ? { side: "local", path: text } : { side: "pod", path, pod, namespace };
}

/** Parses source and destination. Exactly one of them must be in a pod. Throws ScopeError (usage). */
export function parseCopy(args: readonly string[]): {
  direction: "in" | "out";
  pod: PodPlace;
  local: string;
} {
  const hint = "for example: scope cp web:/var/log/app.log . or scope -p web cp ./conf :/etc/app";
  const [from, to] = args.map(parseCopyPlace);
  if (from === undefined || to === undefined || args.length > 2) {
    throw new ScopeError("usage", `Command "cp" takes a source and a destination, got ${args.length || "nothing"}`, {
      hint: args.length > 2 ? "to copy several files, put them into a directory and copy that" : hint,
    });
  }
  if (from.side === to.side) {
    if (from.side === "local") throw new ScopeError("usage", "Neither side is in a pod", { hint });
    throw new ScopeError("usage", "Both sides are in a pod", { hint: hintForBoth(args) });
  }
  return from.side === "pod"
    ? { direction: "out", pod: from, local: localPath(to.path) }
    : { direction: "in", pod: to as PodPlace, local: localPath(from.path) };
}

/** Returns the hint for two pod paths. An argument that may be a local file name with a colon is shown as `./NAME`. */
function hintForBoth(args: readonly string[]): string {
  const named = args.find((arg) => remote.exec(arg)?.[2]?.startsWith("/") === false && !arg.startsWith(":"));
  return named === undefined
    ? "copy to this machine first, and then from it"
    : `write "./${named}" for a file of this machine; between pods, copy to this machine first, and then from it`;
}

function localPath(path: string): string {
  if (path !== "") return path;
  throw new ScopeError("usage", "The path on this machine is empty", { hint: 'it is a path, or "-"' });
}

/** The name that a copy gets in an existing directory; empty for `/`, `.` and `..`, of which only the content is copied. */
export function baseName(path: string): string {
  const name = path.replace(/\/+$/, "").split("/").at(-1) ?? "";
  return name === "." || name === ".." ? "" : name;
}

/** A copy as the command line requests it. */
export interface CopyRequest {
  direction: "in" | "out";
  /** The path in the target. */
  remote: string;
  /** The path on this machine; `-` is standard output or input. */
  local: string;
  /** Copies the targets of symlinks instead of the symlinks. */
  follow: boolean;
}
