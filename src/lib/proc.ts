/** Parsers of the files in /proc, see proc(5). Pure. */

/** USER_HZ: the unit of times in /proc/PID/stat, the same on all architectures that Deno runs on. */
const ticksPerSecond = 100;

export interface Stat {
  name: string;
  state: string;
  parentPid: number;
  /** Pid of the process that leads the session. */
  session: number;
  cpuMs: number;
  /** Milliseconds after the system's boot. */
  startMs: number;
  threads: number;
}

/** Parses /proc/PID/stat. The name may contain blanks and brackets, so fields are counted from the last bracket. */
export function parseStat(text: string): Stat {
  const open = text.indexOf("("), close = text.lastIndexOf(")");
  const fields = text.slice(close + 2).trim().split(" ");
  const field = (number: number) => Number(fields[number - 3] ?? 0);
  return {
    name: text.slice(open + 1, close),
    state: fields[0] ?? "?",
    parentPid: field(4),
    session: field(6),
    cpuMs: (field(14) + field(15)) * 1000 / ticksPerSecond,
    threads: field(20),
    startMs: field(22) * 1000 / ticksPerSecond,
  };
}

/** Returns true if a thread in this state has ended: it is a zombie or exiting. */
export function hasExited(state: string): boolean {
  return state === "Z" || state === "X" || state === "x";
}

export interface Status {
  /** The effective user. */
  uid: number;
  /** Pids from the reader's pid namespace to the innermost. */
  namespacePids: number[];
  /** 0 for kernel threads and zombies. */
  residentBytes: number;
  /** Effective capabilities, a bit for each number. */
  capabilities: bigint;
  /** Pid of the tracer, 0 for none. */
  tracerPid: number;
  /** Number of voluntary context switches of the thread. */
  switches: number;
  /** Pending signals of the thread or its process; bit n is signal n + 1. */
  pending: bigint;
}

/** Parses /proc/PID/status. */
export function parseStatus(text: string): Status {
  const value = (key: string) => new RegExp(`^${key}:\\s*(.*)$`, "m").exec(text)?.[1]?.split(/\s+/) ?? [];
  return {
    uid: Number(value("Uid")[1] ?? 0),
    namespacePids: value("NSpid").map(Number),
    residentBytes: Number(value("VmRSS")[0] ?? 0) * 1024,
    capabilities: BigInt(`0x${value("CapEff")[0] ?? "0"}`),
    tracerPid: Number(value("TracerPid")[0] ?? 0),
    switches: Number(value("voluntary_ctxt_switches")[0] ?? 0),
    pending: BigInt(`0x${value("SigPnd")[0] ?? "0"}`) | BigInt(`0x${value("ShdPnd")[0] ?? "0"}`),
  };
}

/** Returns the functions in /proc/PID/stack, the innermost first, without the kernel's system call entry functions. */
export function parseStack(text: string): string[] {
  const names = [...text.matchAll(/^\[<[^>]*>\] ([\w.]+)\+/gm)].map(([, name]) => name!);
  return names.filter((name) =>
    !/^(do_syscall_64|entry_SYSCALL|x64_sys_call|el0|el0t|invoke_syscall|do_el0_svc)/.test(name)
  );
}

/** Parses /proc/PID/cmdline; empty for zombies and kernel threads. */
export function parseCommandLine(text: string): string {
  // Programs that write a title there fill the rest with zeros or blanks.
  return text.replace(/[\0 ]+$/, "").replaceAll("\0", " ");
}

export interface TcpSocketSeen {
  localPort: number;
  remotePort: number;
  /** True if the remote address is a loopback address. */
  remoteLoopback: boolean;
  state: "listening" | "established" | "other";
  uid: number;
  inode: string;
}

/** Parses /proc/PID/net/tcp or tcp6. */
export function parseTcp(text: string): TcpSocketSeen[] {
  const portOf = (address: string) => parseInt(address.slice(address.lastIndexOf(":") + 1), 16);
  return text.split("\n").slice(1).flatMap((line) => {
    const [, local, remote, state, , , , uid, , inode] = line.trim().split(/\s+/);
    if (local === undefined || remote === undefined || inode === undefined) return [];
    return [{
      localPort: portOf(local),
      remotePort: portOf(remote),
      remoteLoopback: loopback.test(remote),
      state: state === "0A" ? "listening" : state === "01" ? "established" : "other",
      uid: Number(uid),
      inode,
    }];
  });
}

/** 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104, in hexadecimal words of the machine's byte order. */
const loopback = /^([0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F):/;

/** Returns the listening sockets of /proc/PID/net/tcp or tcp6: inode → port. */
export function parseListening(text: string): Map<string, number> {
  const listening = parseTcp(text).filter(({ state }) => state === "listening");
  return new Map(listening.map(({ inode, localPort }) => [inode, localPort]));
}

/** Parses /etc/passwd: uid → name. The first entry of a uid wins, as with getpwuid(3). */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [name, , uid] = line.split(":");
    if (name && uid !== undefined && /^\d+$/.test(uid) && !names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
}
