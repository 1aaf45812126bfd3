import { FileKind } from "../../protocol/gen/manager_pb.ts";
import { fileSystemType, freeBytes, ftruncate, futimens, O_PATH, O_WRONLY, reopen, reserve, statAt } from "./calls.ts";
import { Descriptor } from "./descriptor.ts";
import { kindOf } from "./entry.ts";
import { FileError } from "../../protocol/file_error.ts";
import { isKernelFileSystem } from "./directory.ts";
import type { Name } from "./names.ts";
import { openBelow } from "./target_root.ts";

/**
 * Opens a file that is a mount of its own for writing, as the target's /etc/hosts is one. Throws FileError: EMOUNTRO for a
 * read-only one.
 */
export function openMountedFile(directory: Descriptor, name: Name): Descriptor {
  using path = openBelow(directory, name, O_PATH);
  if (kindOf(statAt(path.fd)) !== FileKind.FILE) throw new FileError("EBUSY");
  if (isKernelFileSystem(fileSystemType(path.fd))) throw new FileError("EKERNEL");
  try {
    return new Descriptor(reopen(path.fd, O_WRONLY));
  } catch (error) {
    throw error instanceof FileError && error.code === "EROFS" ? new FileError("EMOUNTRO") : error;
  }
}

/**
 * Makes sure that a mounted file can take so many bytes: what is written over cannot be had back. The file stays as it is.
 * Throws FileError: EMOUNTFULL when there is no room.
 */
export function reserveMounted(file: Descriptor, bytes: number): void {
  const { size, allocatedBytes, modifiedNs } = statAt(file.fd);
  if (bytes === 0) return;
  try {
    reserve(file.fd, bytes);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (["EOPNOTSUPP", "ENOSYS", "EINVAL"].includes(error.code)) {
      if (bytes - allocatedBytes > freeBytes(file.fd)) throw new FileError("EMOUNTFULL");
      return;
    }
    if (error.code !== "ENOSPC" && error.code !== "EDQUOT") throw error;
    // The part that could be reserved is given back.
    ftruncate(file.fd, size);
    setTime(file, modifiedNs);
    throw new FileError("EMOUNTFULL");
  }
}

/** Sets the time of modification, which is its owner's right and root's. */
export function setTime(file: Descriptor, modifiedNs: bigint): void {
  try {
    futimens(file.fd, modifiedNs);
  } catch (error) {
    if (!(error instanceof FileError) || error.code !== "EPERM") throw error;
  }
}
