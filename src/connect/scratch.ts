import { scratchVariable } from "../manager/protocol/transport.ts";

/**
 * Returns variables with the directories for the manager's socket and the tools' temporary files on a read-only root
 * filesystem. Nothing can be mounted for an ephemeral container, and of the runtime's own mounts two are writable. Both are
 * in memory, with at most 64 MiB:
 *
 * - /dev belongs to the container, and is writable for root only.
 * - /dev/shm is writable for everyone and shared with the pod. It is the only choice for a user that is not root, and gets
 *   only the socket: filling it would harm the application.
 */
export function scratchOf(container: string, uid: number | undefined): { name: string; value: string }[] {
  const isRoot = uid === undefined || uid === 0;
  const directory = isRoot ? "/dev/scope" : `/dev/shm/${container}`;
  return [{ name: scratchVariable, value: directory }, ...isRoot ? [{ name: "TMPDIR", value: directory }] : []];
}
