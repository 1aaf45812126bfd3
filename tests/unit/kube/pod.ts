import type { V1Pod } from "../../../src/kube/cluster.ts";

/** A container id in the API's format. */
export const id = "3f".repeat(32);

type Overrides = { [Part in "metadata" | "spec" | "status"]?: Partial<NonNullable<V1Pod[Part]>> };

/** Makes a running pod with the fields that scope reads. */
export function pod(name: string, { metadata = {}, spec = {}, status = {} }: Overrides = {}): V1Pod {
  return {
    metadata: { name, namespace: "shop", uid: `uid-${name}`, ...metadata },
    spec: { nodeName: "node1", containers: [{ name: "app" }], ...spec },
    status: {
      phase: "Running",
      podIP: "10.0.0.1",
      podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }],
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [{ ...containerStatus("app"), state: { running: {} }, containerID: `containerd://${id}` }],
      ...status,
    },
  };
}

/** Returns the required fields of a container's status. */
export function containerStatus(name: string) {
  return { name, image: "", imageID: "", ready: true, restartCount: 0 };
}

export const deleted = { metadata: { deletionTimestamp: new Date(0) as never } };
export const notReady = { status: { conditions: [{ type: "Ready", status: "False" }] } };
export const finished = { status: { phase: "Succeeded", conditions: [{ type: "Ready", status: "False" }] } };
export const pending = {
  spec: { nodeName: undefined as never },
  status: {
    phase: "Pending",
    podIP: undefined as never,
    podIPs: [],
    containerStatuses: [],
    conditions: [{
      type: "PodScheduled",
      status: "False",
      message: "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
    }],
  },
};
