import {
  O_NOFOLLOW,
  O_PATH,
  openat2,
  renameat,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  unlinkat,
} from "./calls.ts";
import type { Stat } from "./calls.ts";
import { Descriptor } from "./descriptor.ts";
import { statIfThere } from "./destination.ts";
import { FileError } from "../../protocol/file_error.ts";
import type { Name } from "./names.ts";

// The kernel returns EBUSY only for mount points of the caller's own mount namespace. The manager is in another namespace
// than the target: there, rename(2) and unlink(2) detach whatever is mounted on a name, and the target loses that mount.

/** Returns true for a name on which something is mounted, in the mount namespace that the directory was opened in. */
export function isMountPoint(directory: Descriptor, name: Name, stat = statIfThere(directory, name)): boolean {
  return stat !== undefined && (stat.mountPoint ?? crossesMount(directory, name));
}

/**
 * Implements isMountPoint() for kernels before 5.8: returns true when the path from the directory to the name crosses a
 * mount.
 */
export function crossesMount(directory: Descriptor, name: Name): boolean {
  const resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  try {
    using _found = new Descriptor(openat2(directory.fd, name, O_PATH | O_NOFOLLOW, resolve));
    return false;
  } catch (error) {
    if (error instanceof FileError && error.code === "EXDEV") return true;
    throw error;
  }
}

/** Removes a name that is not a directory. Throws FileError, EMOUNT for a mount point. */
export function removeName(directory: Descriptor, name: Name): void {
  refuseMountPoint(directory, name);
  unlinkat(directory.fd, name);
}

/** Renames an entry over another and replaces that atomically. Throws FileError, EMOUNT for mount points. */
export function putInPlace(directory: Descriptor, from: Name, to: Name): void {
  refuseMountPoint(directory, from);
  refuseMountPoint(directory, to);
  renameat(directory.fd, from, to);
}

export function refuseMountPoint(directory: Descriptor, name: Name, stat?: Stat): void {
  if (isMountPoint(directory, name, stat)) throw new FileError("EMOUNT");
}
