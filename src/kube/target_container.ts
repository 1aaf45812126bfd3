import type { V1Container, V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { ScopeError } from "../errors.ts";
import type { ContainerRef } from "../target.ts";

/**
 * Returns the containers that a pod's processes may be in: regular containers, sidecars (init containers that are always
 * restarted), and the init container that runs now.
 */
export function reachableContainers(pod: V1Pod): ContainerRef[] {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const all = [...containers, ...initContainers].map((one) => ({ one, id: idOf(statusOf(pod, one.name)) }));
  return all
    .filter(({ one, id }) => containers.includes(one) || isSidecar(one) || id !== "")
    .map(({ one: { name }, id }) => ({ name, id }));
}

/**
 * Returns the container named `wanted`; by default kubectl's default container or, while that waits for the pod's init
 * containers, the running one of these. `name` is the pod's name for messages.
 *
 * Throws ScopeError: notFound when there is none of that name, unreachable for an init container that does not run.
 */
export function chooseContainer(pod: V1Pod, name: string, wanted?: string): ContainerRef {
  const containers = reachableContainers(pod), named = (name = "") => containers.find((one) => one.name === name);
  if (wanted === undefined) {
    const usual = named(pod.metadata?.annotations?.["kubectl.kubernetes.io/default-container"]) ?? containers[0]!;
    return named(initContainerFor(pod, usual.name)) ?? usual;
  }
  const chosen = named(wanted), hint = `it has ${containers.map(({ name }) => name).join(", ")}`;
  if (chosen !== undefined) return chosen;
  if (pod.spec?.initContainers?.some(({ name }) => name === wanted)) {
    const { terminated, waiting } = statusOf(pod, wanted)?.state ?? {};
    const reason = terminated?.reason ?? waiting?.reason ?? "not started";
    const running = containers.filter(({ id }) => id !== "").map(({ name }) => name).join(", ");
    throw new ScopeError("unreachable", `Init container "${wanted}" of pod "${name}" does not run (${reason})`, {
      hint: running === "" ? "no container of the pod runs" : `those that run: ${running}`,
    });
  }
  throw new ScopeError("notFound", `Cannot find container "${wanted}" in pod "${name}"`, { hint });
}

/** Returns the init container that runs while another container waits for it; a sidecar only if no other runs. */
function initContainerFor(pod: V1Pod, name: string): string | undefined {
  // The waiting reason persists after all init containers are done, while the container's image is pulled.
  const done = (pod.status?.conditions ?? []).some(({ type, status }) => type === "Initialized" && status === "True");
  const waits = !done && statusOf(pod, name)?.state?.waiting?.reason === "PodInitializing";
  if (!waits) return undefined;
  const running = (pod.spec?.initContainers ?? []).filter((one) => idOf(statusOf(pod, one.name)) !== "");
  return (running.find((one) => !isSidecar(one)) ?? running.at(-1))?.name;
}

function isSidecar({ restartPolicy }: V1Container): boolean {
  return restartPolicy === "Always";
}

function statusOf({ status }: V1Pod, name: string): V1ContainerStatus | undefined {
  return [...status?.containerStatuses ?? [], ...status?.initContainerStatuses ?? []].find((one) => one.name === name);
}

/** Returns the id of a running container, without the prefix `containerd://`; empty when it does not run. */
function idOf(status: V1ContainerStatus | undefined): string {
  const id = status?.state?.running === undefined ? undefined : status.containerID;
  return id?.slice(id.indexOf("://") + 3) ?? "";
}
