import { readFileSync } from "node:fs";
import type { State } from "../cluster/state.ts";
import { planCluster } from "../cluster/plan.ts";
import { outcome } from "./cluster_script.ts";

/** Everything of a cluster that is on this machine, by kind. */
export interface Leftovers {
  readonly processes: string[];
  readonly namespaces: string[];
  readonly mounts: string[];
  readonly links: string[];
  readonly routes: string[];
  readonly cgroups: string[];
  readonly slots: string[];
}

/** Finds everything that belongs to a cluster in `slot`; `namespaces` are inodes that it has used. */
export async function leftovers(state: State, slot: number, namespaces: readonly string[]): Promise<Leftovers> {
  const plan = planCluster(slot);
  const mine = `${state.directory}/`;
  const pids = [...Deno.readDirSync("/proc")].map(({ name }) => name).filter((name) => /^\d+$/.test(name));
  const ips = async (...args: string[]) => (await outcome("ip", args)).stdout.split("\n");
  const ranges = [`10.200.${slot}.`, `scope${slot} `, ...plan.nodes.map(({ pods4 }) => pods4)];
  return {
    processes: pids.filter((pid) => {
      const text = `${read(`/proc/${pid}/cmdline`)}\n${read(`/proc/${pid}/cgroup`)}`;
      return text.includes(mine) || text.includes(`/scope${slot}-node`) || text.includes(`127.200.${slot}.1`);
    }),
    // A namespace without a process persists while it is mounted. With a process it shows among the processes above; inodes
    // alone prove nothing, as the kernel reuses them at once.
    namespaces: namespaces.filter((id) => read("/proc/self/mountinfo").includes(` ${id} `)),
    mounts: read("/proc/self/mountinfo").split("\n").filter((line) => line.includes(mine)),
    links: [...Deno.readDirSync("/sys/class/net")].map(({ name }) => name)
      .filter((name) => new RegExp(`^scope${slot}(n\\d+)?$`).test(name)),
    routes: [...await ips("-4", "route", "show", "table", "all"), ...await ips("-6", "route", "show", "table", "all")]
      .filter((line) => ranges.some((range) => `${line} `.includes(range))),
    cgroups: cgroups("/sys/fs/cgroup", 2).filter((path) => path.includes(`/scope${slot}-node`)),
    slots: [...Deno.readDirSync("/run/scope-clusters")].map(({ name }) => name).filter((name) => name === `${slot}`),
  };
}

/** Returns the network, mount and pid namespaces of a process, as the kernel names them. */
export function namespacesOf(pid: string | number): string[] {
  return ["net", "mnt", "pid"].flatMap((kind) => {
    try {
      return [Deno.readLinkSync(`/proc/${pid}/ns/${kind}`)];
    } catch {
      return [];
    }
  });
}

function cgroups(directory: string, depth: number): string[] {
  if (depth === 0) return [];
  return [...Deno.readDirSync(directory)].filter((entry) => entry.isDirectory).flatMap(({ name }) => {
    return [`${directory}/${name}`, ...cgroups(`${directory}/${name}`, depth - 1)];
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // ended meanwhile
  }
}
