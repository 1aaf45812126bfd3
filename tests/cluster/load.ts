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
  // Pinned, so that the kubelet never removes it: there is no registry to pull it from again.
  const importing = images(["import", "--label", "io.cri-containerd.pinned=pinned", "-"]);
  const output = await run(["sh", "-c", 'file=$1; shift; exec "$@" <"$file"', "sh", file, ...importing], options);
  const imported = importedImages(output);
  if (imported.length === 0) throw new ClusterError(`Cannot find what ${node} imported from "${file}": ${output}`);
  // containerd's CRI plugin notices a new image a moment later, and labels it.
  await until(`the kubelet of ${node} to see the images of "${file}"`, 20, async () => {
    const managed = await nodeImages(state, node, signal);
    return imported.every((name) => managed.includes(name));
  }, options);
}

/** Returns the images that the kubelet of a node can use. */
export async function nodeImages(state: State, node: string, signal?: AbortSignal): Promise<string[]> {
  const pid = nodePid(state, node);
  if (pid === undefined) throw new ClusterError(`Cannot find the node "${node}"`, "run scripts/cluster up");
  const list = enterArgs(pid, [`${state.bin}/ctr`, "-n", "k8s.io", "images", "list"]);
  return managedImages(await run(list, signal === undefined ? {} : { signal }));
}

/** Returns the last lines of a node's logs that tell why an image has gone. */
export function imageStory(state: State, node: string): string {
  const telling = /ImageDelete|RemoveImage|Removing image|[Ee]vict|DiskPressure|signal=/;
  return ["containerd", "kubelet"].flatMap((program) => {
    const log = state.path(`logs/${node}-${program}.log`);
    return [`${log}:`, ...Deno.readTextFileSync(log).split("\n").filter((line) => telling.test(line)).slice(-20)];
  }).join("\n");
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
