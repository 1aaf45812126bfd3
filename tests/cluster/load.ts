import { ClusterError } from "./errors.ts";
import { enterArgs, nodePid } from "./node.ts";
import { planCluster } from "./plan.ts";
import { run } from "./processes.ts";
import type { State } from "./state.ts";
import { until } from "./wait.ts";

/** Imports image archives (docker-archive or oci-archive, absolute paths) into every node, all nodes at once. */
export async function loadImages(state: State, files: readonly string[], signal?: AbortSignal): Promise<void> {
  const { bin, slot } = state;
  if (bin === undefined || slot === undefined) {
    throw new ClusterError("Cannot load an image without a running cluster", "run scripts/cluster up");
  }
  await Promise.all(
    planCluster(slot).nodes.map(async (node) => {
      for (const file of files) await loadImage(state, node.name, bin, file, signal);
    }),
  );
}

async function loadImage(state: State, node: string, bin: string, file: string, signal: AbortSignal | undefined) {
  const pid = nodePid(state, node);
  if (pid === undefined) throw new ClusterError(`Cannot find the node "${node}"`, "run scripts/cluster up");
  const images = (args: string[]) => enterArgs(pid, [`${bin}/ctr`, "-n", "k8s.io", "images", ...args]);
  const options = signal === undefined ? {} : { signal };
  // Opened on the host: the node has a /run of its own.
  const importing = ["sh", "-c", 'file=$1; shift; exec "$@" <"$file"', "sh", file, ...images(["import", "-"])];
  const imported = importedImages(await run(importing, options));
  // containerd's CRI plugin notices a new image a moment later, and labels it.
  await until(`the kubelet of ${node} to see the images of "${file}"`, 20, async () => {
    const managed = managedImages(await run(images(["list"]), options));
    return imported.every((name) => managed.includes(name));
  }, options);
}

/** Returns the names of the images that `ctr images import` reports as saved. */
export function importedImages(output: string): string[] {
  return output.split("\n").flatMap((line) => /^(\S+)\s+saved\s*$/.exec(line)?.[1] ?? []);
}

/** Returns the images in the table of `ctr images list` that containerd's CRI plugin manages. */
export function managedImages(listing: string): string[] {
  return listing.split("\n").filter((line) => line.includes("io.cri-containerd.image=managed"))
    .map((line) => line.split(/\s+/)[0] ?? "");
}
