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

/** Limit of consecutive symlinks, equal to the kernel's. */
const mostLinks = 40;

/** The destination of a copy, held open. */
export class Destination implements Disposable {
  #content: Descriptor | undefined;

  private constructor(readonly path: Name, readonly top: NamedEntry | undefined, content?: Descriptor) {
    this.#content = content;
  }

  /**
   * Interprets a destination as cp(1) does: in an existing directory the copy is called `name`, otherwise as in the path.
   * For a file, follows a symlink at the end. Throws FileError.
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

  /** Opens the directory of a path below the destination, without following symlinks. Throws FileError. */
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
    held.move(); // the caller owns it from now on
    return { directory: opened, name, [Symbol.dispose]: () => opened[Symbol.dispose]() };
  }

  /** Returns the destination's path as the target sees it, without symlinks. */
  whereIn(root: TargetRoot): Name {
    const directory = pathBelow(pathOf(root.root), pathOf(this.top?.directory ?? this.content));
    return this.top === undefined ? directory : join(directory, this.top.name);
  }

  /** The destination as an open directory. Throws FileError. */
  get content(): Descriptor {
    return this.#content ??= openBelow(this.top!.directory, this.top!.name, O_PATH | O_DIRECTORY);
  }

  [Symbol.dispose](): void {
    this.#content?.[Symbol.dispose]();
    this.top?.[Symbol.dispose]();
  }
}

/** Returns the path of an open file as the kernel reports it, or "". */
function pathOf({ fd }: Descriptor): Name {
  try {
    return toName(new TextEncoder().encode(Deno.readLinkSync(`/proc/self/fd/${fd}`)));
  } catch {
    return "";
  }
}

/** Throws for a kernel file system: its settings often belong not to the target but to the manager or the node. */
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

/** Opens the directory of a path and returns it with the last name; with `follow`, after resolving symlinks at the end. */
function last(root: TargetRoot, path: Name, follow: boolean): { at: NamedEntry; reached: Name } {
  for (let links = 0; links < mostLinks; links++) {
    const { directory, name } = split(path);
    if (!isPlain(name)) throw new FileError("EISDIR");
    using held = new DisposableStack();
    const opened = held.use(root.open(directory, O_PATH | O_DIRECTORY));
    const found = statIfThere(opened, name);
    if (!follow || found === undefined || kindOf(found) !== FileKind.SYMLINK) {
      held.move(); // the caller owns it from now on
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
