import assert from "node:assert/strict";
import type { V1Pod } from "../../../src/kube/cluster.ts";
import { bytesOf, memoryLimit } from "../../../src/kube/memory.ts";

function podOf(limits: (string | undefined)[], more: Record<string, unknown> = {}): V1Pod {
  return {
    spec: {
      containers: limits.map((memory, index) => ({
        name: `c${index}`,
        ...(memory === undefined ? {} : { resources: { limits: { memory } } }),
      })),
      ...more,
    },
  };
}

Deno.test("memoryLimit() is the sum where each container has one", () => {
  assert.equal(memoryLimit(podOf(["160Mi", "1Gi"])), 160 * 2 ** 20 + 2 ** 30);
  assert.equal(memoryLimit(podOf(["160Mi", undefined])), undefined);
});

Deno.test("memoryLimit() counts sidecars, and no other init container", () => {
  const sidecar = { name: "s", restartPolicy: "Always", resources: { limits: { memory: "1Mi" } } };
  assert.equal(memoryLimit(podOf(["1Mi"], { initContainers: [sidecar, { name: "i" }] })), 2 * 2 ** 20);
  assert.equal(memoryLimit(podOf(["1Mi"], { initContainers: [{ ...sidecar, resources: {} }] })), undefined);
});

Deno.test("memoryLimit() is the pod's own where it has one", () => {
  assert.equal(memoryLimit(podOf([undefined], { resources: { limits: { memory: "2M" } } })), 2_000_000);
});

Deno.test("bytesOf() reads the quantities of Kubernetes", () => {
  const quantities: [string, number][] = [
    ["0", 0],
    ["128974848", 128974848],
    ["129e6", 129e6],
    ["129M", 129e6],
    ["128974848000m", 128974848],
    ["123Mi", 123 * 2 ** 20],
    ["1.5Gi", 1.5 * 2 ** 30],
    ["2Ei", 2 * 2 ** 60],
  ];
  for (const [text, bytes] of quantities) assert.equal(bytesOf(text), bytes, text);
  assert.equal(bytesOf("much"), 0);
});
