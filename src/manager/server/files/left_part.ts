import { FileKind } from "../../protocol/gen/manager_pb.ts";
import { close, lock, O_NONBLOCK, O_PATH, O_RDONLY, reopen, statAt } from "./calls.ts";
import { Descriptor } from "./descriptor.ts";
import { kindOf } from "./entry.ts";
import { removeName } from "./mount_point.ts";
import type { Name } from "./names.ts";
import { openBelow } from "./target_root.ts";
import type { LeftPart } from "./worker_messages.ts";

/** Removes unfinished files that no copy has resumed, and closes their directories. */
export function removeParts(parts: readonly LeftPart[]): void {
  for (const { directory, name, inode } of parts) {
    try {
      removeUnused(directory, name, inode);
    } catch {
      // the part is gone
    } finally {
      close(directory);
    }
  }
}

/**
 * Removes a part. Checks the inode before opening, because the target may have created a device of that name. A copy that
 * resumes the part holds its lock.
 */
function removeUnused(directory: number, name: Name, inode: bigint): void {
  const opened = new Descriptor(directory);
  using path = openBelow(opened, name, O_PATH);
  const found = statAt(path.fd);
  if (found.inode !== inode || kindOf(found) !== FileKind.FILE) return;
  using file = new Descriptor(reopen(path.fd, O_RDONLY | O_NONBLOCK));
  if (lock(file.fd)) removeName(opened, name);
}
