import assert from "node:assert/strict";
import type { V1ContainerState, V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { logContainers, logState } from "../../../src/kube/container_logs.ts";

const ended = (id: string, exitCode: number, reason: string) => ({ terminated: { containerID: id, exitCode, reason } });

function podOf(status: Partial<V1ContainerStatus> | undefined, more: Partial<V1Pod["status"] & object> = {}): V1Pod {
  const base = { name: "main", image: "", imageID: "", ready: true, restartCount: 0 };
  return {
    metadata: { name: "web", namespace: "shop" },
    spec: {
      containers: [{ name: "main" }],
      initContainers: [{ name: "prepare" }, { name: "proxy", restartPolicy: "Always" }],
      ephemeralContainers: [{ name: "debug" }],
    },
    status: { phase: "Running", containerStatuses: status === undefined ? [] : [{ ...base, ...status }], ...more },
  };
}

const running: V1ContainerState = { running: { startedAt: new Date(0) } };

Deno.test("logContainers() has all containers in the order in which they start", () => {
  assert.deepEqual(logContainers(podOf(undefined)), [
    { name: "prepare", kind: "init" },
    { name: "proxy", kind: "sidecar" },
    { name: "main", kind: "container" },
    { name: "debug", kind: "ephemeral" },
  ]);
});

const states: [string, V1Pod, ReturnType<typeof logState>][] = [
  ["runs", podOf({ state: running, containerID: "c://1" }), { id: "c://1", running: true, restarts: 0, over: false }],
  [
    "was started anew",
    podOf({ state: running, containerID: "c://2", restartCount: 1, lastState: ended("c://1", 3, "Error") }),
    {
      id: "c://2",
      running: true,
      restarts: 1,
      previousId: "c://1",
      previousExit: { exitCode: 3, reason: "Error" },
      over: false,
    },
  ],
  [
    "waits to be started anew",
    podOf({
      state: { waiting: { reason: "CrashLoopBackOff" } },
      restartCount: 1,
      lastState: ended("c://1", 3, "Error"),
    }),
    {
      id: "c://1",
      running: false,
      restarts: 1,
      exit: { exitCode: 3, reason: "Error" },
      previousId: "c://1",
      previousExit: { exitCode: 3, reason: "Error" },
      over: false,
    },
  ],
  [
    "has ended with its pod",
    podOf({ state: ended("c://1", 0, "Completed") }, { phase: "Succeeded" }),
    { id: "c://1", running: false, restarts: 0, exit: { exitCode: 0, reason: "Completed" }, over: true },
  ],
  [
    "does not run yet",
    podOf({ state: { waiting: { reason: "ContainerCreating" } } }, { phase: "Pending" }),
    { running: false, restarts: 0, waiting: "ContainerCreating", over: false },
  ],
  [
    "belongs to a pod without a node",
    podOf(undefined, {
      phase: "Pending",
      conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }],
    }),
    { running: false, restarts: 0, waiting: "Unschedulable", over: false },
  ],
];

for (const [name, pod, expected] of states) {
  Deno.test(`logState() of a container that ${name}`, () => assert.deepEqual(logState(pod, "main"), expected));
}
