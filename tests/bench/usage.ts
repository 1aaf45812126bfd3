/** What the processes of a pod, or one process, have used. */
export interface Usage {
  pid: number;
  name: string;
  /** User and system. */
  cpuMs: number;
  residentBytes: number;
}

/** Clock ticks a second in /proc/PID/stat; the kernel's USER_HZ, see proc_pid_stat(5). */
const ticks = 100;

/** Reads /proc/PID/stat, see proc_pid_stat(5); nothing when it is none. */
export function parseUsage(stat: string): Usage | undefined {
  // The name in parentheses may hold blanks and parentheses itself.
  const [, pid, name, after] = /^(\d+) \((.*)\) (.+)$/s.exec(stat.trim()) ?? [];
  if (pid === undefined || name === undefined || after === undefined) return undefined;
  const fields = after.split(" ").map(Number), [user, system, pages] = [fields[11], fields[12], fields[21]];
  if (user === undefined || system === undefined || pages === undefined) return undefined;
  return { pid: Number(pid), name, cpuMs: (user + system) * 1000 / ticks, residentBytes: pages * 4096 };
}

/** Nothing when the process has ended. */
export function usageOf(pid: number): Usage | undefined {
  return parseUsage(read(`/proc/${pid}/stat`) ?? "");
}

/** All processes of a pod on this machine, found by its uid in their cgroups. */
export function podUsage(uid: string): Usage[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name }) => {
    if (!/^\d+$/.test(name) || !read(`/proc/${name}/cgroup`)?.replaceAll("_", "-").includes(uid)) return [];
    return usageOf(Number(name)) ?? [];
  });
}

/** In bytes. */
export interface Memory {
  /** All that is in memory (RSS), also what other processes share. */
  resident: number;
  /** What is no file's: it cannot be dropped and read again. */
  anonymous: number;
}

/** Reads /proc/PID/smaps_rollup, see proc_pid_smaps(5). */
export function memoryOf(pid: number): Memory {
  const text = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  const bytes = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(text)?.[1]) * 1024;
  return { resident: bytes("Rss"), anonymous: bytes("Anonymous") };
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined; // it has ended meanwhile
  }
}
