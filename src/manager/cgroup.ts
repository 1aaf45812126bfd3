/**
 * Which container a process belongs to, by the paths in /proc/PID/cgroup: cgroup v1 and v2, cgroupfs and systemd
 * drivers, containerd, CRI-O and Docker. See cgroups(7).
 */

/** True when a process with these cgroups is of that container. `id` is without the runtime's prefix. */
export function isInContainer(cgroups: string, id: string): boolean {
  return id !== "" && segments(cgroups).some((segment) => containerOf(segment) === id);
}

/** True when a process with these cgroups is of that pod, whichever container it is in. */
export function isInPod(cgroups: string, uid: string): boolean {
  if (uid === "") return false;
  // The systemd driver cannot have a dash within a name, as that separates a slice from its parent.
  const names = [`pod${uid}`, `pod${uid.replaceAll("-", "_")}.slice`];
  return segments(cgroups).some((segment) =>
    names.some((name) => segment === name || (name.endsWith(".slice") && segment.endsWith(`-${name}`)))
  );
}

/**
 * The names in all paths. Where the kubelet drives systemd and the runtime does not, one folder is named
 * `SLICE:PREFIX:ID`, so a colon separates names as well.
 */
function segments(cgroups: string): string[] {
  return cgroups.split("\n").flatMap((line) => line.split(":").slice(2).flatMap((path) => path.split("/")));
}

/** `cri-containerd-ID.scope`, `crio-ID.scope`, `docker-ID.scope` or plain `ID`; never CRI-O's monitor, `crio-conmon-ID`. */
function containerOf(segment: string): string | undefined {
  return /^(?:(?:cri-containerd|crio|docker|libpod)-)?([0-9a-f]{64})(?:\.scope)?$/.exec(segment)?.[1];
}
