import { scratchVariable } from "../manager/protocol/transport.ts";

/**
 * Where a manager with a read-only root keeps its socket, and its tools their temporary files, as variables of its
 * container. Nothing can be mounted for an ephemeral container, and of all that a runtime mounts there two places are
 * writable. Both are memory, and have 64 MiB at most:
 *
 * - /dev is the container's own, and root's.
 * - /dev/shm is everybody's, and shared with the pod: no other place is there for a user that is not root. Only what must be
 *   there is: a full one would be the app's loss.
 */
export function scratchOf(container: string, uid: number | undefined): { name: string; value: string }[] {
  const isRoot = uid === undefined || uid === 0;
  const directory = isRoot ? "/dev/scope" : `/dev/shm/${container}`;
  return [{ name: scratchVariable, value: directory }, ...isRoot ? [{ name: "TMPDIR", value: directory }] : []];
}
