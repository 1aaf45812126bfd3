/**
 * Finds the container of a process by the paths in /proc/PID/cgroup: cgroup v1 and v2, cgroupfs and systemd drivers,
 * containerd, CRI-O and Docker. See cgroups(7).
 */

/**
 * Returns true when a process with these cgroups belongs to that container. `id` is without the runtime's prefix. A
 * container may create cgroups with any name below its own, so only the first container in a path counts. If the node is a
 * container itself, as with kind, the first container below the pod counts.
 */
export function isInContainer(cgroups: string, id: string): boolean {
  // Most processes are elsewhere: without the id in the text there is nothing to look at.
  return id !== "" && cgroups.includes(id) && paths(cgroups).some((names) => {
    const below = names.slice(names.findIndex(isPod) + 1);
    return below.map(containerOf).find((container) => container !== undefined) === id;
  });
}

/** Returns true when a process with these cgroups is in a container of any pod. */
export function isInAnyContainer(cgroups: string): boolean {
  return paths(cgroups).some((names) => {
    const pod = names.findIndex(isPod);
    return pod >= 0 && names.slice(pod + 1).some((name) => containerOf(name) !== undefined);
  });
}

/** Returns true when a process with these cgroups belongs to that pod, in any of its containers. */
export function isInPod(cgroups: string, uid: string): boolean {
  if (uid === "") return false;
  // The systemd driver replaces dashes, because a dash separates a slice from its parent.
  const plain = `pod${uid}`, slice = `pod${uid.replaceAll("-", "_")}.slice`;
  return (cgroups.includes(plain) || cgroups.includes(slice)) && paths(cgroups).some((names) => {
    const pod = names.find(isPod);
    return pod === plain || pod === slice || pod?.endsWith(`-${slice}`);
  });
}

/**
 * Splits each path into names. If the kubelet uses the systemd driver and the runtime does not, a directory is named
 * `SLICE:PREFIX:ID`, so a colon separates names as well.
 */
function paths(cgroups: string): string[][] {
  return cgroups.split("\n").map((line) => line.split(":").slice(2).flatMap((path) => path.split("/")));
}

/** Matches `podUID` or `…kubepods-QOS-podUID.slice`; the uid of a static pod is a hash without dashes. */
function isPod(name: string): boolean {
  return /^(?:[\w-]+-)?pod[0-9a-f_-]{32,36}(?:\.slice)?$/.test(name);
}

/**
 * Returns the ID in `cri-containerd-ID.scope`, `crio-ID.scope`, `docker-ID.scope` or plain `ID`; never that of CRI-O's
 * monitor, `crio-conmon-ID`.
 */
function containerOf(segment: string): string | undefined {
  return /^(?:(?:cri-containerd|crio|docker|libpod)-)?([0-9a-f]{64})(?:\.scope)?$/.exec(segment)?.[1];
}
