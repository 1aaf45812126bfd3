import { ScopeError } from "../errors.ts";
import type { ContainerRef } from "../target.ts";

/** A pod as read from the files of a container runtime. */
export interface PodHere {
  name: string;
  namespace: string;
  uid: string;
  /** Running containers, the oldest first. */
  containers: { name: string; id: string }[];
  /** Pid of its oldest process. */
  pid: number;
}

/** Result of a search for pods by name on this machine. */
export interface FoundHere {
  pods: readonly PodHere[];
  runtimes: number;
  unreadable: number;
}

/** Returns the one pod that was found. Throws ScopeError: notFound, denied, usage when there are several. */
export function choosePodHere({ pods, runtimes, unreadable }: FoundHere, name: string, namespace?: string): PodHere {
  const [pod, ...others] = pods;
  if (pod !== undefined && others.length === 0) {
    // Leave out the ephemeral containers of scope: they are not part of the user's workload.
    return { ...pod, containers: pod.containers.filter(({ name }) => !/^scope-[0-9a-f]{6}$/.test(name)) };
  }
  const what = namespace === undefined ? `"${name}"` : `"${name}" in namespace "${namespace}"`;
  if (pod !== undefined) {
    const namespaces = new Set(pods.map(({ namespace }) => namespace));
    const pids = pods.map(({ pid }) => pid).toSorted((a, b) => a - b).join(", ");
    throw new ScopeError("usage", `There are ${pods.length} pods ${what} on this machine`, {
      hint: namespaces.size === pods.length
        ? `choose one by its namespace with -n: ${[...namespaces].toSorted().join(", ")}`
        : `they are of several clusters: choose one by its first process, with -p after the command: ${pids}`,
    });
  }
  if (unreadable > 0) {
    throw new ScopeError(
      "denied",
      `Cannot look for pod ${what} on this machine: you may not read the runtime's files`,
      {
        hint: "run scope as root, for example with sudo",
      },
    );
  }
  throw new ScopeError("notFound", `Cannot find pod ${what} on this machine`, {
    hint: runtimes === 0
      ? "there is no container runtime of Kubernetes here: run this on the pod's node, or leave out --via local"
      : "it must run here: kubectl get pod -o wide shows its node",
  });
}

/** Returns the container of that name; by default the oldest. Throws ScopeError (notFound). */
export function chooseContainer({ name, namespace, containers }: PodHere, wanted: string | undefined): ContainerRef {
  if (wanted === undefined) return containers[0] ?? { name: "", id: "" };
  const found = containers.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  throw new ScopeError("notFound", `Cannot find container "${wanted}" in pod "${namespace}/${name}"`, {
    hint: containers.length === 0
      ? "none of its containers runs"
      : `it has ${containers.map(({ name }) => name).join(", ")}`,
  });
}
