import { fileSystemType, O_DIRECTORY, O_PATH, readlinkat, statAt } from "./calls.ts";
import type { Stat } from "./calls.ts";
import { Descriptor } from "./descriptor.ts";
import { kindOf } from "./entry.ts";
import { FileError } from "../../protocol/file_error.ts";
import { isKernelFileSystem } from "./directory.ts";
import { FileKind } from "../../protocol/gen/manager_pb.ts";
import { isPlain, join, split, toName } from "./names.ts";
import type { Name } from "./names.ts";
import { openBelow } from "./target_root.ts";
import { pathBelow } from "./written_mounts.ts";
import type { TargetRoot } from "./target_root.ts";

/** A name in an open directory. */
export interface NamedEntry extends Disposable {
  directory: Descriptor;
  name: Name;
}

/** As many links in a row as the kernel follows. */
const mostLinks = 40;

/** Where something that is copied goes to, held open. */
export class Destination implements Disposable {
  #content: Descriptor | undefined;

  private constructor(readonly path: Name, readonly top: NamedEntry | undefined, content?: Descriptor) {
    this.#content = content;
  }

  /**
   * Reads a destination as cp(1) does: below a directory that is there, by `name`; else by its own. A link at the end is
   * followed for a file. Throws FileError.
   */
  static of(root: TargetRoot, path: Name, { name, directory }: { name: Name; directory: boolean }): Destination {
    const there = openDirectory(root, path);
    if (there !== undefined && name === "") {
      if (directory) return new Destination(path, undefined, there);
      there[Symbol.dispose]();
      throw new FileError("EISDIR");
    }
    there?.[Symbol.dispose]();
    if (there !== undefined && !isPlain(name)) throw new FileError("EINVAL");
    if (there === undefined && /\/\.?$/.test(path) && !directory) throw new FileError("ENOENT");
    const full = there === undefined ? path.replace(/(?<=.)\/+$/, "") : join(path, name);
    const { at, reached } = last(root, full, !directory);
    return new Destination(reached, at);
  }

  /** Finds the place of a path below, without following links on the way. Throws FileError. */
  place(path: Name): NamedEntry {
    if (path === "") {
      if (this.top === undefined) throw new FileError("EISDIR");
      refuseKernel(this.top.directory);
      return { ...this.top, [Symbol.dispose]() {} };
    }
    if (!path.split("/").every(isPlain)) throw new FileError("EINVAL");
    const { directory, name } = split(path);
    using held = new DisposableStack();
    const opened = held.use(openBelow(this.content, directory, O_PATH | O_DIRECTORY));
    refuseKernel(opened);
    held.move(); // the caller's from now on
    return { directory: opened, name, [Symbol.dispose]: () => opened[Symbol.dispose]() };
  }

  /** Where it is, as the target sees it, whatever links its path has. */
  whereIn(root: TargetRoot): Name {
    const directory = pathBelow(pathOf(root.root), pathOf(this.top?.directory ?? this.content));
    return this.top === undefined ? directory : join(directory, this.top.name);
  }

  /** The directory that is written, where one is. Throws FileError. */
  get content(): Descriptor {
    return this.#content ??= openBelow(this.top!.directory, this.top!.name, O_PATH | O_DIRECTORY);
  }

  [Symbol.dispose](): void {
    this.#content?.[Symbol.dispose]();
    this.top?.[Symbol.dispose]();
  }
}

/** The path of something open, as the kernel tells it; empty where it does not. */
function pathOf({ fd }: Descriptor): Name {
  try {
    return toName(new TextEncoder().encode(Deno.readLinkSync(`/proc/self/fd/${fd}`)));
  } catch {
    return "";
  }
}

/** Throws for a file system of the kernel: a setting of its is often not the target's, but the manager's or the node's. */
function refuseKernel(directory: Descriptor): void {
  if (isKernelFileSystem(fileSystemType(directory.fd))) throw new FileError("EKERNEL");
}

function openDirectory(root: TargetRoot, path: Name): Descriptor | undefined {
  try {
    return root.open(path, O_PATH | O_DIRECTORY);
  } catch (error) {
    if (error instanceof FileError && (error.code === "ENOENT" || error.code === "ENOTDIR")) return undefined;
    throw error;
  }
}

/** The directory and the name that a path ends in; with `follow`, behind the links that stand there. */
function last(root: TargetRoot, path: Name, follow: boolean): { at: NamedEntry; reached: Name } {
  for (let links = 0; links < mostLinks; links++) {
    const { directory, name } = split(path);
    if (!isPlain(name)) throw new FileError("EISDIR");
    using held = new DisposableStack();
    const opened = held.use(root.open(directory, O_PATH | O_DIRECTORY));
    const found = statIfThere(opened, name);
    if (!follow || found === undefined || kindOf(found) !== FileKind.SYMLINK) {
      held.move(); // the caller's from now on
      return { at: { directory: opened, name, [Symbol.dispose]: () => opened[Symbol.dispose]() }, reached: path };
    }
    const to = toName(readlinkat(opened.fd, name));
    path = to.startsWith("/") ? to : join(directory, to);
  }
  throw new FileError("ELOOP");
}

export function statIfThere(directory: Descriptor, name: Name): Stat | undefined {
  try {
    return statAt(directory.fd, name);
  } catch (error) {
    if (error instanceof FileError && error.code === "ENOENT") return undefined;
    throw error;
  }
}
