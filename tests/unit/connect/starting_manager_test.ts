import assert from "node:assert/strict";
import { waitForManager } from "../../../src/connect/starting_manager.ts";
import { progressOf } from "../../../src/connect/waiting.ts";
import type { V1Pod } from "../../../src/kube/cluster.ts";
import { apiServer, status } from "../kube/api_server.ts";
import { containerStatus } from "../kube/pod.ts";

const image = "registry.example/endoscope:1";
const creating: V1Pod = {
  metadata: { name: "scope-node1", namespace: "shop" },
  status: {
    phase: "Pending",
    containerStatuses: [{ ...containerStatus("scope"), state: { waiting: { reason: "ContainerCreating" } } }],
  },
};

Deno.test("waitForManager() gives the reason of the events at its limit, where the pod's status has none", async () => {
  await using api = await apiServer((_method, path) => {
    if (path.includes("/exec?")) return status(500, "InternalError", 'container not found ("scope")');
    if (path.includes("watch=")) {
      return { status: 200, body: `${JSON.stringify({ type: "ADDED", object: creating })}\n` };
    }
    return { status: 200, body: { metadata: { resourceVersion: "1" }, items: [creating] } };
  }, { timeoutMs: 2000 });
  const notices: string[] = [];
  const waiting = waitForManager(api.cluster, {
    ...{ namespace: "shop", pod: "scope-node1", container: "scope", what: "the debug pod", image, timeoutMs: 4000 },
    notice: (text) => notices.push(text),
    progress: (pod) => progressOf(pod, image),
    gone: () => Promise.resolve(),
    trouble: () => Promise.resolve({ state: "waiting", reason: "ErrImagePull: connection refused", pullFailed: true }),
  }, AbortSignal.timeout(4000));
  await assert.rejects(waiting, {
    message: "The debug pod did not start within 4 s",
    hint: /^give --image or SCOPE_IMAGE .*\(ErrImagePull: connection refused\)$/,
  });
  assert.ok(notices.includes("waiting for the debug pod: ErrImagePull: connection refused"), notices.join("\n"));
});
