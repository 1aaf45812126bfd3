import type { Duplex } from "node:stream";

export const wayNames = ["auto", "node", "ephemeral", "local"] as const;
export type WayName = (typeof wayNames)[number];

/** Linux capabilities in the order of their numbers, by their Kubernetes names, see capabilities(7). */
export const capabilityNames = [
  ...["CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP"] as const,
  ...["LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER"] as const,
  ...["SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE"] as const,
  ...["SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL"] as const,
  ...["SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ"] as const,
  ...["PERFMON", "BPF", "CHECKPOINT_RESTORE"] as const,
] as const;
export type Capability = (typeof capabilityNames)[number];

/** What a command needs of the place that it works from. Nothing: any place beside the target will do. */
export interface Needs {
  /** It cannot do without these. */
  capabilities?: readonly Capability[];
  /** It does its work better with these: asked for first, and given up where policy refuses them. */
  wanted?: readonly Capability[];
  /**
   * It reads the target's /proc/PID/root, or traces it; `wanted`: it can do without; `all`: it reads and writes whatever
   * the target itself may.
   */
  files?: boolean | "wanted" | "all";
  /** It runs a program inside all of the target's namespaces and its root; `other`: with other rights than the target's. */
  inside?: boolean | "other";
  /** It runs what somebody types, which may write files of any size beside the target. */
  writes?: boolean;
  /** It uses the target's volumes as its own. */
  volumes?: boolean;
  /** Pids that it was given are the node's. */
  nodePids?: boolean;
  /** It changes rules of the pod's network, which must not be that of the node. */
  ownNetwork?: boolean;
}

/** One byte stream to a manager next to a target, and nothing else. Disposing removes what was made for it alone. */
export interface Passage extends AsyncDisposable {
  readonly stream: Duplex;
  readonly way: Exclude<WayName, "auto">;
  /** In effect for the manager there. */
  readonly capabilities: ReadonlySet<Capability>;
  /** For people: what the manager runs in. */
  readonly place: string;
}
