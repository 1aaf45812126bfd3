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

/** Requirements of a command on the way to the target. Without any, every way will do. */
export interface Needs {
  /** Required capabilities. */
  capabilities?: readonly Capability[];
  /** Capabilities that improve the result: asked for first, and dropped if policy refuses them. */
  wanted?: readonly Capability[];
  /**
   * Reads the target's /proc/PID/root, or traces it. `wanted`: can do without; `all`: reads and writes whatever the target
   * itself may.
   */
  files?: boolean | "wanted" | "all";
  /** Runs a program in all of the target's namespaces and its root; `other`: with other rights than the target's. */
  inside?: boolean | "other";
  /** Runs commands that a user types, which may write files of any size next to the target. */
  writes?: boolean;
  /** Uses the target's volumes as its own. */
  volumes?: boolean;
  /** Takes pids of the node. */
  nodePids?: boolean;
  /** Changes rules of the pod's network, which must not be that of the node. */
  ownNetwork?: boolean;
}

/** A byte stream to a manager next to a target. Disposing removes whatever was created for it alone. */
export interface Passage extends AsyncDisposable {
  readonly stream: Duplex;
  readonly way: Exclude<WayName, "auto">;
  /** Effective capabilities of the manager. */
  readonly capabilities: ReadonlySet<Capability>;
  /** Description of where the manager runs, for messages. */
  readonly place: string;
}
