import { FileKind } from "../../protocol/gen/manager_pb.ts";
import { fileSystemType, O_NONBLOCK, O_RDONLY, reopen, statAt } from "./calls.ts";
import type { Stat } from "./calls.ts";
import { Descriptor } from "./descriptor.ts";
import { kindOf } from "./entry.ts";
import { FileError } from "../../protocol/file_error.ts";
import { isKernelFileSystem } from "./directory.ts";

/**
 * Opens a file for reading after checking that it is a regular file: opening some devices has an effect. Takes ownership of
 * `found`.
 */
export function openFile(found: Descriptor): Descriptor {
  using path = found;
  const kind = kindOf(statAt(path.fd));
  if (kind === FileKind.DIRECTORY) throw new FileError("EISDIR");
  if (kind !== FileKind.FILE) throw new FileError("ENOTREG");
  return new Descriptor(reopen(path.fd, O_RDONLY | O_NONBLOCK));
}

/** Returns true for kernel files, which report a size of 0 but have content. */
export function hasHiddenContent(file: Descriptor, { size }: Stat): boolean {
  return size === 0 && isKernelFileSystem(fileSystemType(file.fd));
}
