import { basename } from "node:path";
import { until } from "./wait.ts";

/** A mounted hierarchy of control groups. */
export interface Hierarchy {
  readonly path: string;
  /** Mount option in a node: `memory`, `cpu,cpuacct`, `name=systemd`; undefined for version 2. */
  readonly controllers: string | undefined;
}

const NO_CONTROLLERS = /^(rw|ro|nosuid|nodev|noexec|\w*atime|seclabel|xattr|clone_children|release_agent=.*)$/;

/** Returns the hierarchies of version 1 in /proc/mounts, or else that of version 2. */
export function parseHierarchies(mounts: string): Hierarchy[] {
  const found = mounts.split("\n").map((line) => line.split(" "))
    .map(([, path = "", type, options = ""]) => ({ path, type, options }));
  const first = found.filter(({ type, path }) => type === "cgroup" && path.startsWith("/sys/fs/cgroup/"));
  if (first.length > 0) {
    return first.map(({ path, options }) => ({
      path,
      controllers: options.split(",").filter((option) => !NO_CONTROLLERS.test(option)).join(","),
    }));
  }
  return found.filter(({ type, path }) => type === "cgroup2" && path === "/sys/fs/cgroup")
    .map(({ path }) => ({ path, controllers: undefined }));
}

/** Returns the hierarchies in the format that node_init.sh reads: empty for version 2. */
export function describeHierarchies(hierarchies: readonly Hierarchy[]): string {
  return hierarchies.filter(({ controllers }) => controllers !== undefined)
    .map(({ path, controllers }) => `${basename(path)}:${controllers}`).join(" ");
}

export function mountedHierarchies(): Hierarchy[] {
  return parseHierarchies(Deno.readTextFileSync("/proc/mounts"));
}

/** Creates the group in every hierarchy; returns its directories. */
export function makeCgroup(name: string): string[] {
  return mountedHierarchies().map(({ path, controllers }) => {
    const directory = `${path}/${name}`;
    if (controllers === undefined) shareControllers(path);
    Deno.mkdirSync(directory, { recursive: true });
    if (controllers?.split(",").includes("cpuset")) {
      // A new cpuset is empty, and an empty cpuset accepts no process.
      for (const file of ["cpuset.cpus", "cpuset.mems"]) copyText(`${path}/${file}`, `${directory}/${file}`);
      Deno.writeTextFileSync(`${directory}/cgroup.clone_children`, "1");
    }
    return directory;
  });
}

/** Returns all processes in the group and the groups below it, as host pids. */
export function cgroupProcesses(name: string): number[] {
  const pids = new Set<number>();
  for (const { path } of mountedHierarchies()) {
    for (const directory of tree(`${path}/${name}`)) {
      for (const pid of readLines(`${directory}/cgroup.procs`)) pids.add(Number(pid));
    }
  }
  return [...pids];
}

/** Kills all processes in the group and removes it, with all groups below it. */
export async function removeCgroup(name: string): Promise<void> {
  await until(`the processes of the cgroup "${name}" to end`, 15, () => {
    const pids = cgroupProcesses(name);
    for (const pid of pids) killNow(pid);
    return pids.length === 0;
  });
  // A process that ends still belongs to the group while its mounts are undone: seconds, on a busy machine more than 30.
  for (const { path } of mountedHierarchies()) {
    await until(
      `the cgroup "${path}/${name}" to be removed`,
      90,
      () => tree(`${path}/${name}`).reverse().every(removed),
    );
  }
}

/** Returns the directory and all directories below it, parents first; [] when it does not exist. */
function tree(directory: string): string[] {
  try {
    const below = [...Deno.readDirSync(directory)].filter((entry) => entry.isDirectory);
    return [directory, ...below.flatMap((entry) => tree(`${directory}/${entry.name}`))];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function removed(directory: string): boolean {
  try {
    Deno.removeSync(directory);
    return true;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}

function killNow(pid: number) {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function readLines(file: string): string[] {
  try {
    return Deno.readTextFileSync(file).split("\n").filter(Boolean);
  } catch {
    return []; // the group was removed
  }
}

function copyText(from: string, to: string) {
  Deno.writeTextFileSync(to, Deno.readTextFileSync(from));
}

function shareControllers(root: string) {
  for (const controller of Deno.readTextFileSync(`${root}/cgroup.controllers`).trim().split(" ")) {
    try {
      Deno.writeTextFileSync(`${root}/cgroup.subtree_control`, `+${controller}`);
    } catch {
      // Not every controller can be enabled on every machine; the kubelet reports those that it misses.
    }
  }
}
