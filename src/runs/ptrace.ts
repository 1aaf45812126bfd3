import { ScopeError } from "../errors.ts";
import type { WayName } from "../way.ts";

/** Facts about a process that a tracer may not attach to, and that has no other tracer. */
export interface Refused {
  /** Name for people, with the pid. */
  process: string;
  node: string;
  way: WayName;
  /** True if SYS_PTRACE is in effect. */
  mayTrace: boolean;
  /** The text of /proc/sys/kernel/yama/ptrace_scope; empty if there is no such file. */
  yama: string;
}

/** Returns the error for a process that is traced already: it has one tracer at most. */
export function tracedAlready(process: string, tracerPid: number, command = ""): ScopeError {
  return new ScopeError(
    "denied",
    `Process ${process} is traced already, by process "${tracerPid}"${command && ` (${command})`}`,
    { hint: "a process has one tracer at a time: end that one, then try again" },
  );
}

/**
 * Returns the error that names the cause of a refusal, and a remedy.
 *
 * Sources: ptrace(2), "Ptrace access mode checking" and "/proc/sys/kernel/yama/ptrace_scope".
 */
export function refusal({ process, node, way, mayTrace, yama }: Refused): ScopeError {
  const scope = Number(yama.trim() || "0");
  const denied = (reason: string, hint: string) =>
    new ScopeError("denied", `Cannot trace process ${process}: ${reason}`, { hint });
  const privileged = way === "ephemeral"
    ? "--via node traces from a privileged pod, where policy admits one"
    : "the endoscope needs the capability SYS_PTRACE";
  if (scope >= 3) {
    return denied(
      `Yama forbids all tracing on node "${node}" (kernel.yama.ptrace_scope is ${scope})`,
      "it stays so until the node is started with another value",
    );
  }
  if (!mayTrace && scope > 0) {
    return denied(
      `Yama lets only SYS_PTRACE do this on node "${node}" (kernel.yama.ptrace_scope is ${scope})`,
      privileged,
    );
  }
  if (!mayTrace) {
    return denied("it has another user or more capabilities than the endoscope, which has no SYS_PTRACE", privileged);
  }
  return denied(
    "a seccomp filter or a security module (AppArmor, SELinux) forbids it",
    way === "node" ? `the node's kernel log says which: ${node}` : privileged,
  );
}
