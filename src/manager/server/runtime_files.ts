import type { BundleConfig } from "./bundle_config.ts";
import { parseBundleConfig, parseBundleEnvironment } from "./bundle_config.ts";
import { isInAnyContainer, isInContainer } from "./cgroup.ts";
import { parseStatus } from "../../lib/proc.ts";
import { allPids, cgroupsOf, oldestOf, readProc } from "./processes.ts";
import { readInRoot } from "./root_file.ts";

/** Location of a runtime's bundles: a directory in the root of a process, and the path of the config in each bundle. */
interface Bundles {
  pid: number;
  directory: string;
  file: string;
}

/** A pod that runs on this machine. */
export interface PodOnMachine {
  name: string;
  namespace: string;
  uid: string;
  containers: { name: string; id: string }[];
  pid: number;
}

export interface FoundPods {
  pods: PodOnMachine[];
  /** Number of runtimes found, and of those whose files this manager may not read. */
  runtimes: number;
  unreadable: number;
}

/** Default locations of the bundles. */
const usual: readonly Omit<Bundles, "pid">[] = [
  { directory: "/run/containerd/io.containerd.runtime.v2.task/k8s.io", file: "config.json" },
  { directory: "/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io", file: "config.json" },
  { directory: "/run/containers/storage/overlay-containers", file: "userdata/config.json" },
];

/** Size limit of a config.json, in bytes: larger than any that a runtime makes from a pod's spec. */
const largestConfig = 1024 * 1024;

/**
 * Finds the running pods of a name by the files of the container runtimes on this machine. The working directories of the
 * processes that supervise containers lead to these files, because a node may be a mount namespace of this machine with
 * files of its own.
 */
export async function findPods(name: string, namespace: string): Promise<FoundPods> {
  const cgroups = [...allPids()].map((pid) => ({ pid, text: cgroupsOf(pid) }));
  const { bundles, unreadable } = findBundles(cgroups);
  const pods = new Map<string, PodOnMachine & { sinceMs: number[] }>();
  for (const { id, config } of (await Promise.all(bundles.map(readBundles))).flat()) {
    if (config.pod !== name || (namespace !== "" && config.namespace !== namespace)) continue;
    const first = oldestOf(cgroups.filter(({ text }) => isInContainer(text, id)).map(({ pid }) => pid));
    if (first === undefined) continue; // the container has ended
    const pod = pods.get(config.uid) ??
      { name, namespace: config.namespace, uid: config.uid, containers: [], pid: first.pid, sinceMs: [] };
    pods.set(config.uid, pod);
    if (config.container === undefined || pod.containers.some((known) => known.id === id)) continue;
    const at = pod.sinceMs.findIndex((sinceMs) => sinceMs > first.startMs);
    pod.containers.splice(at < 0 ? pod.containers.length : at, 0, { name: config.container, id });
    pod.sinceMs.splice(at < 0 ? pod.sinceMs.length : at, 0, first.startMs);
  }
  return {
    pods: [...pods.values()].map(({ sinceMs: _, ...pod }) => pod),
    runtimes: bundles.length + unreadable,
    unreadable,
  };
}

/**
 * Returns the variables that a container was started with, by the names that `inside` expects (see
 * images/endoscope/inside_target.c); {} where the runtime's files do not contain them.
 */
export async function containerVariables(containerId: string): Promise<Record<string, string>> {
  if (!/^[0-9a-f]{64}$/.test(containerId)) return {};
  const cgroups = [...allPids()].map((pid) => ({ pid, text: readProc(pid, "cgroup") ?? "" }));
  for (const { pid, directory, file } of findBundles(cgroups).bundles) {
    const bytes = await readInRoot(pid, `${directory}/${containerId}/${file}`, largestConfig);
    if (bytes === undefined) continue;
    return Object.fromEntries(
      parseBundleEnvironment(new TextDecoder().decode(bytes)).flatMap((entry) => {
        const equals = entry.indexOf("=");
        return equals < 1 ? [] : [[`SCOPE_CONTAINER_ENV_${entry.slice(0, equals)}`, entry.slice(equals + 1)]];
      }),
    );
  }
  return {};
}

function findBundles(cgroups: readonly { pid: number; text: string }[]): { bundles: Bundles[]; unreadable: number } {
  const found = new Map<string, Bundles>();
  let unreadable = 0;
  const add = (bundles: Bundles) => {
    const { ino, dev } = Deno.statSync(`/proc/${bundles.pid}/root${bundles.directory}`);
    found.set(`${dev}:${ino}`, bundles);
  };
  for (const { pid, text } of cgroups) {
    const program = readProc(pid, "comm")?.trim() ?? "";
    const isShim = program.startsWith("containerd-shim"), isConmon = program === "conmon";
    // Any process can have that name; processes of pods must not decide where a pod is.
    if (!(isShim || isConmon) || isInAnyContainer(text) || parseStatus(readProc(pid, "status") ?? "").uid !== 0) {
      continue;
    }
    try {
      const cwd = Deno.readLinkSync(`/proc/${pid}/cwd`).split("/");
      if (isShim) add({ pid, directory: cwd.slice(0, -1).join("/"), file: "config.json" });
      else add({ pid, directory: cwd.slice(0, -2).join("/"), file: "userdata/config.json" });
    } catch (error) {
      if (error instanceof Deno.errors.PermissionDenied) unreadable += 1;
    }
  }
  for (const one of usual) {
    try {
      add({ ...one, pid: Deno.pid });
    } catch (error) {
      if (error instanceof Deno.errors.PermissionDenied) unreadable += 1;
    }
  }
  return { bundles: [...found.values()], unreadable };
}

async function readBundles({ pid, directory, file }: Bundles): Promise<{ id: string; config: BundleConfig }[]> {
  let names: string[];
  try {
    names = [...Deno.readDirSync(`/proc/${pid}/root${directory}`)].map(({ name }) => name);
  } catch {
    return []; // the runtime has ended
  }
  const found: { id: string; config: BundleConfig }[] = [];
  for (const id of names.filter((name) => /^[0-9a-f]{64}$/.test(name))) {
    const bytes = await readInRoot(pid, `${directory}/${id}/${file}`, largestConfig);
    const config = bytes === undefined ? undefined : parseBundleConfig(new TextDecoder().decode(bytes));
    if (config !== undefined) found.push({ id, config });
  }
  return found;
}
