/** Readers of the texts in /proc, see proc(5). Pure. */

/** USER_HZ: the unit of times in /proc/PID/stat, the same on all architectures that Deno runs on. */
const ticksPerSecond = 100;

export interface Stat {
  name: string;
  state: string;
  parentPid: number;
  /** Pid of the process that leads its session. */
  session: number;
  cpuMs: number;
  /** After the system's boot. */
  startMs: number;
  threads: number;
}

/** /proc/PID/stat. The name may hold blanks and brackets, so fields are counted from its last bracket. */
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

/** Whether a thread in this state has ended: a zombie, or on its way out. */
export function hasLeft(state: string): boolean {
  return state === "Z" || state === "X" || state === "x";
}

export interface Status {
  /** The effective user. */
  uid: number;
  /** From the reader's pid namespace to the innermost. */
  namespacePids: number[];
  /** 0 for kernel threads and zombies. */
  residentBytes: number;
  /** Effective ones, a bit for each number. */
  capabilities: bigint;
  /** Who traces it, 0 for nobody. */
  tracerPid: number;
  /** Number of times that the thread has gone to sleep by itself. */
  switches: number;
  /** Signals that wait for the thread or its process, a bit for each number but one. */
  pending: bigint;
}

/** /proc/PID/status. */
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

/** The functions in /proc/PID/stack, the innermost first, without those by which every system call enters the kernel. */
export function parseStack(text: string): string[] {
  const names = [...text.matchAll(/^\[<[^>]*>\] ([\w.]+)\+/gm)].map(([, name]) => name!);
  return names.filter((name) =>
    !/^(do_syscall_64|entry_SYSCALL|x64_sys_call|el0|el0t|invoke_syscall|do_el0_svc)/.test(name)
  );
}

/** /proc/PID/cmdline; empty for zombies and kernel threads. */
export function parseCommandLine(text: string): string {
  // A program that writes a title there fills the rest with zeros or blanks.
  return text.replace(/[\0 ]+$/, "").replaceAll("\0", " ");
}

export interface TcpSocketSeen {
  localPort: number;
  remotePort: number;
  /** It belongs to an address of the loopback network. */
  remoteLoopback: boolean;
  state: "listening" | "established" | "other";
  uid: number;
  inode: string;
}

/** /proc/PID/net/tcp or tcp6. */
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

/** 127.0.0.0/8, ::1 and the first within the second's space, in words of the machine's order. */
const loopback = /^([0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F):/;

/** Listening sockets of /proc/PID/net/tcp or tcp6: inode → port. */
export function parseListening(text: string): Map<string, number> {
  const listening = parseTcp(text).filter(({ state }) => state === "listening");
  return new Map(listening.map(({ inode, localPort }) => [inode, localPort]));
}

/** /etc/passwd: uid → name, the first entry of a uid as getpwuid(3) has it. */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [name, , uid] = line.split(":");
    if (name && uid !== undefined && /^\d+$/.test(uid) && !names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
}
