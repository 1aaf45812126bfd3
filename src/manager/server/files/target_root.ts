import type { Target } from "../../protocol/gen/manager_pb.ts";
import { containerPid, readProc } from "../processes.ts";
import {
  O_DIRECTORY,
  O_PATH,
  openat2,
  openOwn,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  statAt,
} from "./calls.ts";
import type { Creator } from "./created.ts";
import { Descriptor } from "./descriptor.ts";
import { toName } from "./names.ts";
import type { Name } from "./names.ts";
import { refusal } from "../refusal.ts";

/** The root of a container, held open. Every path is resolved below it, wherever its symlinks point. */
export class TargetRoot implements Disposable {
  readonly root: Descriptor;

  private constructor(readonly pid: number) {
    this.root = new Descriptor(openOwn(`/proc/${pid}/root`, O_PATH | O_DIRECTORY));
  }

  /** Throws ConnectError when the container does not run, and FileError when its root is out of reach. */
  static of(target: Target | undefined): TargetRoot {
    const pid = target?.pid || containerPid(target?.containerId ?? "");
    if (pid === undefined) throw refusal("NOT_RUNNING", "the container does not run");
    return new TargetRoot(pid);
  }

  /** Opens an absolute path, following symlinks inside the root. Throws FileError. */
  open(path: Name, flags: number): Descriptor {
    return new Descriptor(openat2(this.root.fd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS));
  }

  /** Returns the absolute path of a path that may be relative to the working directory of the first process. */
  absolute(path: Uint8Array): Name {
    const name = toName(path);
    if (name.startsWith("/")) return name;
    const directory = this.#workingDirectory();
    return name === "" ? directory : `${directory === "/" ? "" : directory}/${name}`;
  }

  /**
   * Returns the working directory of the first process, or "/". The kernel reports the path only as text, so it is used only
   * if it leads to the same directory inside the root.
   */
  #workingDirectory(): Name {
    try {
      const path = toName(new TextEncoder().encode(Deno.readLinkSync(`/proc/${this.pid}/cwd`)));
      using there = new Descriptor(openOwn(`/proc/${this.pid}/cwd`, O_PATH | O_DIRECTORY));
      using found = this.open(path, O_PATH | O_DIRECTORY);
      const a = statAt(there.fd), b = statAt(found.fd);
      return a.inode === b.inode && a.device === b.device ? path : "/";
    } catch {
      return "/";
    }
  }

  /** Owner and umask of files that the first process creates. */
  get creator(): Creator {
    const status = readProc(this.pid, "status") ?? "";
    const last = (key: string, none: string) => new RegExp(`^${key}:.*\\s(\\d+)$`, "m").exec(status)?.[1] ?? none;
    return { uid: Number(last("Uid", "0")), gid: Number(last("Gid", "0")), umask: parseInt(last("Umask", "22"), 8) };
  }

  [Symbol.dispose](): void {
    this.root[Symbol.dispose]();
  }
}

/** Opens a path below a directory without following symlinks: one that appears meanwhile is an error. Throws FileError. */
export function openBelow(directory: Descriptor, path: Name, flags: number, mode = 0): Descriptor {
  const resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return new Descriptor(openat2(directory.fd, path, flags, resolve, mode));
}
