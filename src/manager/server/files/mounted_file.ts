import { FileKind } from "../../protocol/gen/manager_pb.ts";
import { fileSystemType, freeBytes, ftruncate, futimens, O_PATH, O_WRONLY, reopen, reserve, statAt } from "./calls.ts";
import { Descriptor } from "./descriptor.ts";
import { kindOf } from "./entry.ts";
import { FileError } from "../../protocol/file_error.ts";
import { isKernelFileSystem } from "./directory.ts";
import type { Name } from "./names.ts";
import { openBelow } from "./target_root.ts";

/**
 * Opens for writing a file that is itself a mount, such as the target's /etc/hosts. Throws FileError: EMOUNTRO for a
 * read-only mount.
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
 * Makes sure that a mounted file has space for this many bytes, because overwritten content cannot be restored. The file
 * stays unchanged. Throws FileError: EMOUNTFULL when there is no space.
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
    // Release the part that could be reserved.
    ftruncate(file.fd, size);
    setTime(file, modifiedNs);
    throw new FileError("EMOUNTFULL");
  }
}

/** Sets the modification time; ignores that only the owner and root may do so. */
export function setTime(file: Descriptor, modifiedNs: bigint): void {
  try {
    futimens(file.fd, modifiedNs);
  } catch (error) {
    if (!(error instanceof FileError) || error.code !== "EPERM") throw error;
  }
}
