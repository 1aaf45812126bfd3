/** CPU time and memory of a process. */
export interface Usage {
  pid: number;
  name: string;
  /** User and system time, in milliseconds. */
  cpuMs: number;
  residentBytes: number;
}

/** Clock ticks per second in /proc/PID/stat; the kernel's USER_HZ, see proc_pid_stat(5). */
const ticks = 100;

/** Parses /proc/PID/stat, see proc_pid_stat(5); returns undefined for other text. */
export function parseUsage(stat: string): Usage | undefined {
  // The name in parentheses may contain spaces and parentheses itself.
  const [, pid, name, after] = /^(\d+) \((.*)\) (.+)$/s.exec(stat.trim()) ?? [];
  if (pid === undefined || name === undefined || after === undefined) return undefined;
  const fields = after.split(" ").map(Number), [user, system, pages] = [fields[11], fields[12], fields[21]];
  if (user === undefined || system === undefined || pages === undefined) return undefined;
  return { pid: Number(pid), name, cpuMs: (user + system) * 1000 / ticks, residentBytes: pages * 4096 };
}

/** Returns undefined when the process has ended. */
export function usageOf(pid: number): Usage | undefined {
  return parseUsage(read(`/proc/${pid}/stat`) ?? "");
}

/** Returns all processes of a pod on this machine, found by its uid in their cgroups. */
export function podUsage(uid: string): Usage[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name }) => {
    if (!/^\d+$/.test(name) || !read(`/proc/${name}/cgroup`)?.replaceAll("_", "-").includes(uid)) return [];
    return usageOf(Number(name)) ?? [];
  });
}

/** Memory of a process, in bytes. */
export interface Memory {
  /** Resident memory (RSS), including memory shared with other processes. */
  resident: number;
  /** Anonymous memory, which cannot be dropped and read again from a file. */
  anonymous: number;
}

/** Reads /proc/PID/smaps_rollup, see proc_pid_smaps(5). */
export function memoryOf(pid: number): Memory {
  const text = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  const bytes = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(text)?.[1]) * 1024;
  return { resident: bytes("Rss"), anonymous: bytes("Anonymous") };
}

/** Reads a file of a process or a control group; undefined when it has ended. */
export function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined; // the process has ended
  }
}
