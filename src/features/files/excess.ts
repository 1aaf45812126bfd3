import type { WrittenMount } from "../../manager/client/target_files.ts";
import type { StorageLimit, StorageLimits } from "../../target.ts";

/** A storage limit that the copied files exceed. */
export interface Excess {
  /** Name of the volume, if `of` is "volume". */
  volume?: string;
  of: "volume" | "container" | "pod";
  bytes: number;
  limit: StorageLimit;
}

/** Returns the limits that the copied files alone exceed. The pod's limit is only returned if no other is exceeded. */
export function excessOf(
  files: readonly { path: string; sizeBytes: number }[],
  mounts: readonly WrittenMount[],
  { emptyDirs, container, pod }: StorageLimits,
): Excess[] {
  const nested = mounts.toSorted((a, b) => b.path.length - a.path.length);
  const holds = ({ path: at }: WrittenMount, path: string) => at === "" || path === at || path.startsWith(`${at}/`);
  const volumes = new Map<string, number>();
  let layer = 0;
  for (const { path, sizeBytes } of files) {
    const mount = nested.find((mount) => holds(mount, path));
    if (mount?.kind === "layer") layer += sizeBytes;
    if (mount?.kind === "emptyDir") volumes.set(mount.name, (volumes.get(mount.name) ?? 0) + sizeBytes);
  }
  const found: Excess[] = [];
  for (const [volume, bytes] of volumes) {
    const limit = emptyDirs[volume];
    if (limit !== undefined && bytes > limit.bytes) found.push({ of: "volume", volume, bytes, limit });
  }
  if (container !== undefined && layer > container.bytes) {
    found.push({ of: "container", bytes: layer, limit: container });
  }
  const all = [...volumes.values()].reduce((sum, bytes) => sum + bytes, layer);
  if (found.length === 0 && pod !== undefined && all > pod.bytes) found.push({ of: "pod", bytes: all, limit: pod });
  return found;
}
