import { defined } from "../lib/defined.ts";
import type { V1Container, V1Pod } from "../kube/cluster.ts";
import { containerOf } from "../kube/pod_copy.ts";
import type { Capability, Needs } from "../way.ts";
import { capabilityNames } from "../way.ts";

/**
 * The rights of an ephemeral container. A user that is not root has no effective capabilities, as Kubernetes grants no
 * ambient ones. So a profile is either the target's user without capabilities, or root with just those needed.
 */
export interface SecurityProfile {
  /** Missing: the image's user, as the target's is unknown. */
  uid?: number;
  gid?: number;
  capabilities: readonly Capability[];
  /** Exactly as confined as the target: a program that runs inside the target must not differ from it. */
  confinedAsTarget: boolean;
  /** Rules out further capabilities: a process of the target may gain access to such a container. */
  noMoreCapabilities?: boolean;
}

/** Capabilities that a runtime grants by default: the list of containerd, of which CRI-O's is a subset. */
const defaultCapabilities: readonly Capability[] = [
  ...["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP"] as const,
  ...["NET_BIND_SERVICE", "NET_RAW", "SYS_CHROOT", "MKNOD", "AUDIT_WRITE", "SETFCAP"] as const,
];

/** Capabilities to enter the root of another user's process, become that user with its bounding set, and kill leftovers. */
const insideCapabilities: readonly Capability[] = ["SYS_CHROOT", "SYS_PTRACE", "SETUID", "SETGID", "SETPCAP", "KILL"];

/** Returns the profiles that meet these needs, the best first. Later ones drop optional (`wanted`) capabilities and files. */
export function profilesFor(pod: V1Pod, container: string, needs: Needs): SecurityProfile[] {
  const user = targetUser(pod, container);
  const { capabilities = [], wanted = [], files = false, inside = false } = needs;
  // A program started by the runtime gets its rights from the target; the manager only needs to be of the same user.
  if (inside === true && isKnown(user)) {
    return [{ ...user, capabilities: [], confinedAsTarget: false, noMoreCapabilities: true }];
  }
  if (inside !== false) {
    const all = new Set([...insideCapabilities, ...capabilities, ...boundingSet(containerOf(pod, container))]);
    return [{ uid: 0, gid: 0, capabilities: inOrder(all), confinedAsTarget: true }];
  }
  const profile = (some: readonly Capability[], files: boolean): SecurityProfile => {
    // The same user may read and trace unless the target has more capabilities, as a root target usually has.
    const traces = files && (some.length > 0 || user.uid === undefined || user.uid === 0);
    const owns = traces && needs.files === "all" ? owningCapabilities(pod, container) : [];
    const all = inOrder(new Set([...some, ...traces ? tracingCapabilities(user.uid) : [], ...owns]));
    return all.length > 0
      ? { uid: 0, gid: 0, capabilities: all, confinedAsTarget: false }
      : { ...user, capabilities: [], confinedAsTarget: false };
  };
  const profiles = [
    ...wanted.length > 0 ? [profile([...capabilities, ...wanted], files !== false)] : [],
    profile(capabilities, files !== false),
    ...files === "wanted" ? [profile(capabilities, false)] : [],
  ];
  return profiles.filter((one, index) => profiles.findIndex((other) => same(one, other)) === index);
}

/**
 * Returns the capabilities that root needs to read and trace a process. SYS_PTRACE alone would allow attaching to a process
 * of another user, but neither stopping its threads nor reading its memory.
 */
function tracingCapabilities(uid: number | undefined): readonly Capability[] {
  return uid === 0 ? ["SYS_PTRACE"] : ["SYS_PTRACE", "KILL", "DAC_OVERRIDE"];
}

/** Returns the capabilities that give root the target's own power over files of other users. */
function owningCapabilities(pod: V1Pod, container: string): readonly Capability[] {
  const bounding = boundingSet(containerOf(pod, container));
  return (["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID"] as const).filter((name) => bounding.includes(name));
}

export function isKnown(user: { uid?: number; gid?: number }): user is { uid: number; gid: number } {
  return user.uid !== undefined && user.gid !== undefined;
}

/** Returns the user of a container: from its status since Kubernetes 1.33, or else from its spec; empty when unknown. */
export function targetUser(pod: V1Pod, name: string): { uid?: number; gid?: number } {
  const status = [...pod.status?.containerStatuses ?? [], ...pod.status?.initContainerStatuses ?? []]
    .find((status) => status.name === name);
  const seen = status?.user?.linux;
  if (seen !== undefined) return { uid: seen.uid, gid: seen.gid };
  const own = containerOf(pod, name)?.securityContext, shared = pod.spec?.securityContext;
  const uid = own?.runAsUser ?? shared?.runAsUser, gid = own?.runAsGroup ?? shared?.runAsGroup;
  return defined({ uid, gid });
}

/** Returns the capability bounding set of a container, according to its spec. */
function boundingSet(container: V1Container | undefined): readonly Capability[] {
  const { add = [], drop = [] } = container?.securityContext?.capabilities ?? {};
  const plain = (names: readonly string[]) => names.map((name) => name.toUpperCase().replace(/^CAP_/, ""));
  if (plain(add).includes("ALL")) return capabilityNames;
  const dropped = plain(drop), kept = dropped.includes("ALL") ? [] : defaultCapabilities;
  return capabilityNames.filter((name) =>
    plain(add).includes(name) || (kept.includes(name) && !dropped.includes(name))
  );
}

function inOrder(some: ReadonlySet<Capability>): Capability[] {
  return capabilityNames.filter((name) => some.has(name));
}

function same(a: SecurityProfile, b: SecurityProfile): boolean {
  return a.uid === b.uid && a.gid === b.gid && a.confinedAsTarget === b.confinedAsTarget &&
    a.capabilities.join() === b.capabilities.join();
}

/** Describes a profile for messages: `user 65532 without capabilities`. */
export function profileText({ uid, capabilities }: { uid?: number; capabilities: readonly string[] }): string {
  const who = uid === undefined ? "the image's user" : uid === 0 ? "root" : `user ${uid}`;
  return `${who} ${capabilities.length === 0 ? "without capabilities" : `with ${capabilities.join(", ")}`}`;
}
