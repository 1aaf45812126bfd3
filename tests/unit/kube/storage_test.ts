import assert from "node:assert/strict";
import type { V1Container, V1Volume } from "@kubernetes/client-node";
import { storageLimits } from "../../../src/kube/storage.ts";

const container = (name: string, storage?: string, more: Partial<V1Container> = {}): V1Container => ({
  name,
  ...(storage === undefined ? {} : { resources: { limits: { "ephemeral-storage": storage, memory: "1Gi" } } }),
  ...more,
});

Deno.test("storageLimits() reads the emptyDir volumes that are on disk and have a limit", () => {
  const volumes: V1Volume[] = [
    { name: "small", emptyDir: { sizeLimit: "1Mi" } },
    { name: "memory", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
    { name: "free", emptyDir: {} },
    { name: "zero", emptyDir: { sizeLimit: "0" } },
    { name: "config", configMap: { name: "x" } },
  ];
  assert.deepEqual(storageLimits({ spec: { containers: [container("main")], volumes } }, "main"), {
    emptyDirs: { small: { bytes: 1 << 20, text: "1Mi" } },
  });
});

Deno.test("storageLimits() adds up the limits of what runs together", () => {
  const containers = [container("main", "20Mi"), container("other"), container("third", "1M")];
  const initContainers = [container("proxy", "1k", { restartPolicy: "Always" }), container("first", "10Mi")];
  const limits = storageLimits({ spec: { containers, initContainers } }, "main");
  assert.deepEqual(limits, {
    emptyDirs: {},
    container: { bytes: 20 << 20, text: "20Mi" },
    pod: { bytes: (20 << 20) + 1_001_000, text: "20Mi + 1M + 1k" },
  });
  assert.equal(storageLimits({ spec: { containers, initContainers } }, "other").container, undefined);
  assert.equal(storageLimits({ spec: { containers, initContainers } }, "proxy").container?.bytes, 1000);
  const greedy = [...initContainers, container("greedy", "1Gi")];
  assert.equal(storageLimits({ spec: { containers, initContainers: greedy } }, "main").pod?.text, "1Gi");
});
