import type { MessageInitShape } from "@bufbuild/protobuf";
import { blockedThread } from "./blocked.ts";
import { isInContainer } from "./cgroup.ts";
import type { ProcessSchema } from "../protocol/gen/manager_pb.ts";
import { defined } from "../../lib/defined.ts";
import { parseCommandLine, parseListening, parsePasswd, parseStatus } from "../../lib/proc.ts";
import { allPids, cgroupsOf, livingThread, readProc, statOf, uptimeMs } from "./processes.ts";
import { readInRoot } from "./root_file.ts";

export interface ContainerId {
  id: string;
  name: string;
}

/** A process; manager.proto documents the fields. */
export type ProcessInfo = MessageInitShape<typeof ProcessSchema>;

/** Limit of the command line that is read, in bytes: a command line may be megabytes long. */
const longestCommand = 16 * 1024;

/** Returns the start of a file, or undefined when it cannot be read. */
function readStart(path: string): string | undefined {
  try {
    using file = Deno.openSync(path);
    const bytes = new Uint8Array(longestCommand);
    return new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0));
  } catch {
    return undefined;
  }
}

/** Returns the processes of these containers, ordered by container and then by pid, followed by the other processes. */
export async function listProcesses(
  containers: readonly ContainerId[],
  others: readonly number[],
): Promise<ProcessInfo[]> {
  const nowMs = uptimeMs();
  const cgroups = [...allPids()].map((pid) => ({ pid, text: cgroupsOf(pid) }));
  const sockets = new ListeningSockets();
  const groups = containers.map(({ id, name }) => ({
    name,
    pids: cgroups.filter(({ text }) => isInContainer(text, id)).map(({ pid }) => pid).sort((a, b) => a - b),
  }));
  const listed = new Set(groups.flatMap(({ pids }) => pids));
  // A pid that is not listed may still be a thread of a container.
  const nameOf = (pid: number) => containers.find(({ id }) => isInContainer(cgroupsOf(pid), id))?.name ?? "";
  groups.push(...others.filter((pid) => !listed.has(pid)).map((pid) => ({ name: nameOf(pid), pids: [pid] })));
  const users = await Promise.all(groups.map(({ pids }) => usersOf(pids)));
  return groups.flatMap(({ name, pids }, at) => {
    const names = users[at]!;
    return pids.flatMap((pid) => {
      const stat = statOf(pid), status = readProc(pid, "status"), living = livingThread(pid), shown = living ?? pid;
      const command = readStart(`/proc/${shown}/cmdline`), more = readProc(shown, "status");
      if (stat === undefined || status === undefined || command === undefined || more === undefined) return [];
      const { uid, namespacePids } = parseStatus(status), { residentBytes, tracerPid } = parseStatus(more);
      const held = living === undefined ? undefined : blockedThread(pid);
      return [{
        container: name,
        pid,
        containerPid: namespacePids.at(-1) ?? pid,
        parentPid: stat.parentPid,
        threads: stat.threads,
        uid,
        user: names.get(uid) ?? "",
        state: statOf(shown)?.state ?? stat.state,
        cpuMs: BigInt(Math.round(stat.cpuMs)),
        ageMs: BigInt(Math.round(Math.max(0, nowMs - stat.startMs))),
        residentBytes: BigInt(residentBytes),
        command: parseCommandLine(command) || `[${stat.name}]`,
        listening: sockets.of(shown),
        tracerPid,
        thread: shown === pid ? 0 : shown,
        ...defined({ blocked: held }),
      }];
    });
  });
}

/** Returns the TCP ports that the processes of a container listen on. */
export function listeningPortsOf(containerId: string): Set<number> {
  const pids = [...allPids()].filter((pid) => isInContainer(cgroupsOf(pid), containerId));
  const sockets = new ListeningSockets();
  return new Set(pids.flatMap((pid) => sockets.of(livingThread(pid) ?? pid)));
}

async function usersOf(pids: readonly number[]): Promise<Map<number, string>> {
  const first = pids.map(livingThread).find((thread) => thread !== undefined);
  const passwd = first === undefined ? undefined : await readInRoot(first, "/etc/passwd");
  return parsePasswd(new TextDecoder().decode(passwd ?? new Uint8Array()));
}

/** Maps processes to the ports that they listen on. Reads the sockets of each network namespace once. */
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
      return []; // the process has ended
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
