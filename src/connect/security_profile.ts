import type { V1Container, V1Pod } from "../kube/cluster.ts";
import { containerOf } from "../kube/pod_copy.ts";
import type { Capability, Needs } from "../way.ts";
import { capabilityNames } from "../way.ts";

/**
 * With which rights an ephemeral container runs. A user that is not root has no capability in effect, as Kubernetes grants
 * no ambient ones, so there are two shapes: the target's own user without any, or root with just those needed.
 */
export interface SecurityProfile {
  /** Missing: the image's own user, as the target's is not known. */
  uid?: number;
  gid?: number;
  capabilities: readonly Capability[];
  /** As confined as the target is, and no more: what runs inside the target must not differ from it. */
  asTarget: boolean;
  /** No capability more than these: a process of the target may reach what is in such a container. */
  bare?: boolean;
}

/** What a runtime grants when a container asks for nothing: the list of containerd, of which CRI-O's is a part. */
const defaultCapabilities: readonly Capability[] = [
  ...["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP"] as const,
  ...["NET_BIND_SERVICE", "NET_RAW", "SYS_CHROOT", "MKNOD", "AUDIT_WRITE", "SETFCAP"] as const,
];

/** To enter the root of another user's process, become that user with its bounding set, and end what it left behind. */
const insideCapabilities: readonly Capability[] = ["SYS_CHROOT", "SYS_PTRACE", "SETUID", "SETGID", "SETPCAP", "KILL"];

/** The shapes that serve these needs, the best first. What is only wanted is given up bit by bit. */
export function profilesFor(pod: V1Pod, container: string, needs: Needs): SecurityProfile[] {
  const user = targetUser(pod, container);
  const { capabilities = [], wanted = [], files = false, inside = false } = needs;
  // A program that the runtime lets in gets its rights from the target; the manager only has to be the same user's.
  if (inside === true && isKnown(user)) return [{ ...user, capabilities: [], asTarget: false, bare: true }];
  if (inside !== false) {
    const all = new Set([...insideCapabilities, ...capabilities, ...boundingSet(containerOf(pod, container))]);
    return [{ uid: 0, gid: 0, capabilities: inOrder(all), asTarget: true }];
  }
  const profile = (some: readonly Capability[], files: boolean): SecurityProfile => {
    // The same user may read and trace where it has no fewer capabilities; a root target has some, as a rule.
    const traces = files && (some.length > 0 || user.uid === undefined || user.uid === 0);
    const owns = traces && needs.files === "all" ? owning(pod, container) : [];
    const all = inOrder(new Set([...some, ...traces ? tracing(user.uid) : [], ...owns]));
    return all.length > 0
      ? { uid: 0, gid: 0, capabilities: all, asTarget: false }
      : { ...user, capabilities: [], asTarget: false };
  };
  const profiles = [
    ...wanted.length > 0 ? [profile([...capabilities, ...wanted], files !== false)] : [],
    profile(capabilities, files !== false),
    ...files === "wanted" ? [profile(capabilities, false)] : [],
  ];
  return profiles.filter((one, index) => profiles.findIndex((other) => same(one, other)) === index);
}

/**
 * What root needs to read and trace a process. One of another user it could attach to without the last two, but neither
 * stop its threads nor read its memory.
 */
function tracing(uid: number | undefined): readonly Capability[] {
  return uid === 0 ? ["SYS_PTRACE"] : ["SYS_PTRACE", "KILL", "DAC_OVERRIDE"];
}

/** What root needs to treat files of other users as the target can, as far as it can. */
function owning(pod: V1Pod, container: string): readonly Capability[] {
  const bounding = boundingSet(containerOf(pod, container));
  return (["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID"] as const).filter((name) => bounding.includes(name));
}

export function isKnown(user: { uid?: number; gid?: number }): user is { uid: number; gid: number } {
  return user.uid !== undefined && user.gid !== undefined;
}

/** The user of a container: as the kubelet says since Kubernetes 1.33, or as its spec asks for; unknown otherwise. */
export function targetUser(pod: V1Pod, name: string): { uid?: number; gid?: number } {
  const status = [...pod.status?.containerStatuses ?? [], ...pod.status?.initContainerStatuses ?? []]
    .find((status) => status.name === name);
  const seen = status?.user?.linux;
  if (seen !== undefined) return { uid: seen.uid, gid: seen.gid };
  const own = containerOf(pod, name)?.securityContext, shared = pod.spec?.securityContext;
  const uid = own?.runAsUser ?? shared?.runAsUser, gid = own?.runAsGroup ?? shared?.runAsGroup;
  return { ...uid === undefined ? {} : { uid }, ...gid === undefined ? {} : { gid } };
}

/** The most that a process of this container may ever have, going by its spec. */
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
  return a.uid === b.uid && a.gid === b.gid && a.asTarget === b.asTarget &&
    a.capabilities.join() === b.capabilities.join();
}

/** For people: `user 65532 without capabilities`. */
export function profileText({ uid, capabilities }: { uid?: number; capabilities: readonly string[] }): string {
  const who = uid === undefined ? "the image's user" : uid === 0 ? "root" : `user ${uid}`;
  return `${who} ${capabilities.length === 0 ? "without capabilities" : `with ${capabilities.join(", ")}`}`;
}
