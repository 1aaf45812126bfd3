import { close, lock, O_NONBLOCK, O_RDONLY, statAt } from "./calls.ts";
import { Descriptor } from "./descriptor.ts";
import { removeName } from "./mount_point.ts";
import { openBelow } from "./target_root.ts";
import type { LeftPart } from "./worker_messages.ts";

/** Removes unfinished files that nobody came back for, and closes their folders. */
export function removeParts(parts: readonly LeftPart[]): void {
  for (const { folder, name, inode } of parts) {
    try {
      if (statAt(folder, name).inode === inode) removeUnused(folder, name);
    } catch {
      // gone already
    } finally {
      close(folder);
    }
  }
}

/** A copy that resumes it holds its lock. */
function removeUnused(folder: number, name: string): void {
  const opened = new Descriptor(folder);
  using file = openBelow(opened, name, O_RDONLY | O_NONBLOCK);
  if (lock(file.fd)) removeName(opened, name);
}
