import { getPod, type Pod } from "./kube.ts";
import { type NodeProcess, podProcesses } from "./node_processes.ts";

/** The fields of an ephemeral container that these tests read. */
export interface Ephemeral {
  readonly name: string;
  readonly image: string;
  readonly targetContainerName: string;
  readonly securityContext: Readonly<Record<string, unknown>>;
  /** Missing: not started yet. */
  readonly state?: Readonly<Record<string, { readonly reason?: string }>>;
}

/** Returns the ephemeral containers of a pod, the oldest first. The API server lists the newest first. */
export async function ephemeralContainers(namespace: string, pod: string): Promise<Ephemeral[]> {
  const { spec, status } = await getPod(namespace, pod);
  const statuses = (status as { ephemeralContainerStatuses?: { name: string; state: Ephemeral["state"] }[] })
    .ephemeralContainerStatuses ?? [];
  return ((spec["ephemeralContainers"] ?? []) as Ephemeral[]).toReversed().map((container) => {
    const state = statuses.find(({ name }) => name === container.name)?.state;
    return { ...container, ...(state === undefined ? {} : { state }) };
  });
}

/** Returns the names of the running ephemeral containers. */
export async function runningContainers(namespace: string, pod: string): Promise<string[]> {
  return (await ephemeralContainers(namespace, pod)).filter(({ state }) => state?.["running"]).map(({ name }) => name);
}

/** Returns the managers in a pod's ephemeral containers, as processes of this machine. */
export function managersOf({ metadata }: Pod): NodeProcess[] {
  return podProcesses(metadata.uid).filter(({ argv }) => argv[0] === "/usr/bin/deno");
}
