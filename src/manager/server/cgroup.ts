/**
 * Which container a process belongs to, by the paths in /proc/PID/cgroup: cgroup v1 and v2, cgroupfs and systemd
 * drivers, containerd, CRI-O and Docker. See cgroups(7).
 */

/**
 * True when a process with these cgroups is of that container. `id` is without the runtime's prefix. A container may make
 * cgroups below its own and name them as it likes, so only the first container in a path counts; where the node is a
 * container itself, as with kind, the first below the pod.
 */
export function isInContainer(cgroups: string, id: string): boolean {
  return id !== "" && paths(cgroups).some((names) => {
    const below = names.slice(names.findIndex(isPod) + 1);
    return below.map(containerOf).find((container) => container !== undefined) === id;
  });
}

/** True when a process with these cgroups is in a container of any pod. */
export function isInAnyContainer(cgroups: string): boolean {
  return paths(cgroups).some((names) => {
    const pod = names.findIndex(isPod);
    return pod >= 0 && names.slice(pod + 1).some((name) => containerOf(name) !== undefined);
  });
}

/** True when a process with these cgroups is of that pod, whichever container it is in. */
export function isInPod(cgroups: string, uid: string): boolean {
  if (uid === "") return false;
  // The systemd driver cannot have a dash within a name, as that separates a slice from its parent.
  const plain = `pod${uid}`, slice = `pod${uid.replaceAll("-", "_")}.slice`;
  return paths(cgroups).some((names) => {
    const pod = names.find(isPod);
    return pod === plain || pod === slice || pod?.endsWith(`-${slice}`);
  });
}

/**
 * The names in each path. Where the kubelet drives systemd and the runtime does not, one directory is named
 * `SLICE:PREFIX:ID`, so a colon separates names as well.
 */
function paths(cgroups: string): string[][] {
  return cgroups.split("\n").map((line) => line.split(":").slice(2).flatMap((path) => path.split("/")));
}

/** `podUID`, or `…kubepods-QOS-podUID.slice`; the uid of a static pod is a hash without dashes. */
function isPod(name: string): boolean {
  return /^(?:[\w-]+-)?pod[0-9a-f_-]{32,36}(?:\.slice)?$/.test(name);
}

/** `cri-containerd-ID.scope`, `crio-ID.scope`, `docker-ID.scope` or plain `ID`; never CRI-O's monitor, `crio-conmon-ID`. */
function containerOf(segment: string): string | undefined {
  return /^(?:(?:cri-containerd|crio|docker|libpod)-)?([0-9a-f]{64})(?:\.scope)?$/.exec(segment)?.[1];
}
