import type { MessageInitShape } from "@bufbuild/protobuf";
import { capabilityNames } from "../way.ts";
import { isInContainer, isInPod } from "./cgroup.ts";
import type { ProcessSchema } from "./gen/manager_pb.ts";
import type { Stat } from "./proc.ts";
import { parseCommandLine, parseListening, parsePasswd, parseStat, parseStatus } from "./proc.ts";
import { readInRoot } from "./root_file.ts";

export interface ContainerId {
  id: string;
  name: string;
}

/** As in manager.proto, which says what the fields mean. */
export type ProcessInfo = MessageInitShape<typeof ProcessSchema>;

/** Every process that this manager sees; the debug pod sees the whole node. */
export function* allPids(): Iterable<number> {
  for (const { name } of Deno.readDirSync("/proc")) if (/^\d+$/.test(name)) yield Number(name);
}

/** A file of /proc/PID, or of a thread's folder below it, or nothing when that is gone meanwhile. */
export function readProc(pid: number | string, file: string): string | undefined {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/${file}`);
  } catch {
    return undefined;
  }
}

/** What this process may do, by the names without CAP_. */
export function effectiveCapabilities(): string[] {
  const { capabilities } = parseStatus(readProc(Deno.pid, "status") ?? "");
  return capabilityNames.filter((_, number) => (capabilities >> BigInt(number)) & 1n);
}

/** A command line may be megabytes long; nobody reads more than its start. */
const longestCommand = 16 * 1024;

/** The start of a file, or nothing when there is none. */
function readStart(path: string): string | undefined {
  try {
    using file = Deno.openSync(path);
    const bytes = new Uint8Array(longestCommand);
    return new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0));
  } catch {
    return undefined;
  }
}

/** What the kernel says of a process, or nothing when it is gone meanwhile. */
export function statOf(pid: number): Stat | undefined {
  const text = readProc(pid, "stat");
  return text === undefined || text === "" ? undefined : parseStat(text);
}

/** The first process of a container: the oldest one that is in it. Nothing when the container does not run here. */
export function containerPid(containerId: string): number | undefined {
  return oldest((cgroups) => isInContainer(cgroups, containerId));
}

/** The oldest process of a pod, which is its sandbox and has the pod's network. Nothing when the pod is not here. */
export function podPid(podUid: string): number | undefined {
  return oldest((cgroups) => isInPod(cgroups, podUid));
}

function oldest(belongs: (cgroups: string) => boolean): number | undefined {
  const found = [...allPids()].filter((pid) => belongs(readProc(pid, "cgroup") ?? ""))
    .map((pid) => ({ pid, stat: statOf(pid) }))
    .filter(({ stat }) => stat !== undefined && stat.state !== "Z");
  return found.sort((a, b) => a.stat!.startMs - b.stat!.startMs || a.pid - b.pid)[0]?.pid;
}

/** The root of a process, as other processes of its pid namespace see it. */
export function rootPath(pid: number): string {
  return `/proc/${parseStatus(readProc(pid, "status") ?? "").namespacePids.at(-1) ?? pid}/root`;
}

/** The processes of these containers, in the order of the containers and then of their pids, and then these others. */
export async function listProcesses(
  containers: readonly ContainerId[],
  others: readonly number[],
): Promise<ProcessInfo[]> {
  const uptimeMs = Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]) * 1000;
  const cgroups = [...allPids()].map((pid) => ({ pid, text: readProc(pid, "cgroup") ?? "" }));
  const sockets = new ListeningSockets();
  const groups = containers.map(({ id, name }) => ({
    name,
    pids: cgroups.filter(({ text }) => isInContainer(text, id)).map(({ pid }) => pid).sort((a, b) => a - b),
  }));
  const listed = new Set(groups.flatMap(({ pids }) => pids));
  // One that is not listed may be a thread of a container all the same.
  const nameOf = (pid: number) =>
    containers.find(({ id }) => isInContainer(readProc(pid, "cgroup") ?? "", id))?.name ?? "";
  groups.push(...others.filter((pid) => !listed.has(pid)).map((pid) => ({ name: nameOf(pid), pids: [pid] })));
  const users = await Promise.all(groups.map(({ pids }) => usersOf(pids)));
  return groups.flatMap(({ name, pids }, at) => {
    const names = users[at]!;
    return pids.flatMap((pid) => {
      const stat = statOf(pid), status = readProc(pid, "status"), command = readStart(`/proc/${pid}/cmdline`);
      if (stat === undefined || status === undefined || command === undefined) return [];
      const { uid, namespacePids, residentBytes, tracerPid } = parseStatus(status);
      return [{
        container: name,
        pid,
        containerPid: namespacePids.at(-1) ?? pid,
        parentPid: stat.parentPid,
        threads: stat.threads,
        uid,
        user: names.get(uid) ?? "",
        state: stat.state,
        cpuMs: BigInt(Math.round(stat.cpuMs)),
        ageMs: BigInt(Math.round(Math.max(0, uptimeMs - stat.startMs))),
        residentBytes: BigInt(residentBytes),
        command: parseCommandLine(command) || `[${stat.name}]`,
        listening: sockets.of(pid),
        tracerPid,
      }];
    });
  });
}

/** TCP ports that the processes of a container listen on. */
export function listeningPortsOf(containerId: string): Set<number> {
  const pids = [...allPids()].filter((pid) => isInContainer(readProc(pid, "cgroup") ?? "", containerId));
  const sockets = new ListeningSockets();
  return new Set(pids.flatMap((pid) => sockets.of(pid)));
}

async function usersOf(pids: readonly number[]): Promise<Map<number, string>> {
  const first = pids[0];
  const passwd = first === undefined ? undefined : await readInRoot(first, "/etc/passwd");
  return parsePasswd(new TextDecoder().decode(passwd ?? new Uint8Array()));
}

/** Which process listens on which port. The sockets of a network namespace are read once. */
class ListeningSockets {
  readonly #namespaces = new Map<string, Map<string, number>>();

  of(pid: number): number[] {
    try {
      const namespace = Deno.readLinkSync(`/proc/${pid}/ns/net`);
      let listening = this.#namespaces.get(namespace);
      if (listening === undefined) {
        const tables = ["net/tcp", "net/tcp6"].map((file) => parseListening(readProc(pid, file) ?? ""));
        this.#namespaces.set(namespace, listening = new Map(tables.flatMap((table) => [...table])));
      }
      if (listening.size === 0) return [];
      const ports = new Set<number>();
      for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
        const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${name}`))?.[1];
        const port = inode === undefined ? undefined : listening.get(inode);
        if (port !== undefined) ports.add(port);
      }
      return [...ports].sort((a, b) => a - b);
    } catch {
      return []; // gone meanwhile
    }
  }
}

function linkOf(path: string): string {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return "";
  }
}
