import assert from "node:assert/strict";
import { EXPECTED_PHASE, unsettled, type Workload } from "../../cluster/workloads.ts";

function pod(phase: string, ready: boolean, expected?: string): Workload {
  return {
    kind: "Pod",
    metadata: { name: "p", ...(expected !== undefined && { annotations: { [EXPECTED_PHASE]: expected } }) },
    status: { phase, conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  };
}

Deno.test("unsettled() wants a pod Running and ready", () => {
  assert.equal(unsettled(pod("Running", true)), undefined);
  assert.equal(unsettled(pod("Running", false)), 'pod "p" is not ready');
  assert.equal(unsettled(pod("Pending", false)), 'pod "p" is Pending');
});

Deno.test("unsettled() wants the phase that the annotation names", () => {
  assert.equal(unsettled(pod("Pending", false, "Pending")), undefined);
  assert.equal(unsettled(pod("Succeeded", false, "Succeeded")), undefined);
  assert.equal(unsettled(pod("Running", true, "Succeeded")), 'pod "p" is not ready');
});

Deno.test("unsettled() says why a container waits", () => {
  const waiting = { state: { waiting: { reason: "ErrImagePull" } } };
  const object = pod("Pending", false);
  assert.equal(
    unsettled({ ...object, status: { ...object.status, containerStatuses: [waiting] } }),
    'pod "p" is ErrImagePull',
  );
});

Deno.test("unsettled() counts the pods of the newest generation", () => {
  const deployment = (generation: number, readyReplicas: number, updatedReplicas: number): Workload => ({
    kind: "Deployment",
    metadata: { name: "d", generation: 2 },
    spec: { replicas: 3 },
    status: { observedGeneration: generation, readyReplicas, updatedReplicas },
  });
  assert.equal(unsettled(deployment(2, 3, 3)), undefined);
  assert.equal(unsettled(deployment(1, 3, 3)), 'deployment "d" is not seen yet');
  assert.equal(unsettled(deployment(2, 3, 1)), 'deployment "d" has 1 of 3 pods ready');
});

Deno.test("unsettled() wants a DaemonSet on every node, and on one at least", () => {
  const daemonSet = (numberReady: number, desiredNumberScheduled: number): Workload => ({
    kind: "DaemonSet",
    metadata: { name: "a", generation: 1 },
    status: { observedGeneration: 1, numberReady, desiredNumberScheduled },
  });
  assert.equal(unsettled(daemonSet(2, 2)), undefined);
  assert.equal(unsettled(daemonSet(1, 2)), 'daemonset "a" has 1 of 2 pods ready');
  assert.equal(unsettled(daemonSet(0, 0)), 'daemonset "a" has 0 of 0 pods ready');
});
