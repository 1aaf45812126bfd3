import assert from "node:assert/strict";
import type { V1Pod } from "../../../src/kube/cluster.ts";
import { podLimit, sharedLimits } from "../../../src/kube/limits.ts";
import { quantityOf } from "../../../src/kube/quantity.ts";

type Limits = Record<string, string>;

function podOf(limits: (Limits | undefined)[], more: Record<string, unknown> = {}): V1Pod {
  const containers = limits.map((limits, index) => ({
    name: `c${index}`,
    ...limits === undefined ? {} : { resources: { limits } },
  }));
  return { spec: { containers, ...more } };
}

const memoryLimit = (...args: Parameters<typeof podOf>) => podLimit(podOf(...args).spec, "memory");
const init = (limits: Limits, more: Record<string, unknown> = {}) => ({ name: "i", resources: { limits }, ...more });
const sidecar = (limits: Limits) => init(limits, { restartPolicy: "Always" });
const MiB = 2 ** 20;

Deno.test("podLimit() is the sum where each container has one", () => {
  assert.equal(memoryLimit([{ memory: "160Mi" }, { memory: "1Gi" }]), 160 * MiB + 2 ** 30);
  assert.equal(memoryLimit([{ memory: "160Mi" }, undefined]), undefined);
  assert.equal(podLimit(podOf([{ cpu: "20m" }, { cpu: "0.5" }]).spec, "cpu"), 0.52);
});

Deno.test("podLimit() counts sidecars, and an init container that may have more than the rest", () => {
  const one = [{ memory: "1Mi" }];
  assert.equal(memoryLimit(one, { initContainers: [sidecar({ memory: "1Mi" }), init({})] }), 2 * MiB);
  assert.equal(memoryLimit(one, { initContainers: [sidecar({})] }), undefined);
  assert.equal(memoryLimit(one, { initContainers: [init({ memory: "5Mi" })] }), 5 * MiB);
  assert.equal(memoryLimit(one, { initContainers: [sidecar({ memory: "1Mi" }), init({ memory: "5Mi" })] }), 6 * MiB);
});

Deno.test("podLimit() is none where an init container has none, as the kubelet limits the pod's control group then", () => {
  assert.equal(memoryLimit([{ memory: "1Mi" }], { initContainers: [init({})] }), undefined);
});

Deno.test("podLimit() is the pod's own where it has one, and counts the overhead of the runtime's class otherwise", () => {
  assert.equal(memoryLimit([undefined], { resources: { limits: { memory: "2M" } } }), 2_000_000);
  assert.equal(memoryLimit([{ memory: "1Mi" }], { overhead: { memory: "9Mi" } }), 10 * MiB);
});

Deno.test("sharedLimits() counts the ephemeral storage of all containers as soon as one has a limit", () => {
  assert.deepEqual(sharedLimits(podOf([{}])), {});
  assert.deepEqual(sharedLimits(podOf([{ "ephemeral-storage": "20Mi" }, {}])), { storageBytes: 20 * MiB });
  const both = podOf([{ "ephemeral-storage": "20Mi", cpu: "15m" }, { "ephemeral-storage": "5Mi", cpu: "5m" }]);
  assert.deepEqual(sharedLimits(both), { cpuCores: 0.02, storageBytes: 25 * MiB });
  const started = podOf([{}], { initContainers: [init({ "ephemeral-storage": "7Mi" })] });
  assert.deepEqual(sharedLimits(started), { storageBytes: 7 * MiB });
});

Deno.test("quantityOf() reads the quantities of Kubernetes", () => {
  const quantities: [string, number][] = [
    ["0", 0],
    ["128974848", 128974848],
    ["129e6", 129e6],
    ["129M", 129e6],
    ["128974848000m", 128974848],
    ["20m", 0.02],
    ["123Mi", 123 * MiB],
    ["1.5Gi", 1.5 * 2 ** 30],
    ["2Ei", 2 * 2 ** 60],
  ];
  for (const [text, value] of quantities) assert.equal(quantityOf(text), value, text);
  assert.equal(quantityOf("much"), 0);
});
