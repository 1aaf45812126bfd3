import assert from "node:assert/strict";
import { noRoom, predictWay, toolMemory, whyNodeFirst } from "../../../src/connect/way_rules.ts";

const MiB = 1024 * 1024;

Deno.test("whyNodeFirst() has no reason to where the pod's memory has no limit", () => {
  assert.equal(whyNodeFirst({ needs: {}, memory: {} }), undefined);
});

Deno.test("whyNodeFirst() finds too little memory", () => {
  assert.equal(
    whyNodeFirst({ needs: {}, memory: { limitBytes: 160 * MiB, usedBytes: 60 * MiB } }),
    "the pod has 100 MiB of memory free, less than 150",
  );
  assert.equal(whyNodeFirst({ needs: {}, memory: { limitBytes: 210 * MiB, usedBytes: 60 * MiB } }), undefined);
  assert.equal(
    whyNodeFirst({ needs: {}, memory: { limitBytes: 10 * MiB, usedBytes: 60 * MiB } }),
    "the pod has 0 MiB of memory free, less than 150",
  );
});

Deno.test("whyNodeFirst() takes half of the memory for used where nobody knows", () => {
  assert.equal(
    whyNodeFirst({ needs: {}, memory: { limitBytes: 256 * MiB } }),
    "the pod has perhaps 128 MiB of memory free, less than 150",
  );
  assert.equal(whyNodeFirst({ needs: {}, memory: { limitBytes: 300 * MiB } }), undefined);
});

Deno.test("whyNodeFirst() must for pids of the node", () => {
  assert.match(whyNodeFirst({ needs: { nodePids: true }, memory: {} }) ?? "", /pids of the node/);
});

Deno.test("whyNodeFirst() finds too little CPU time for a manager's start", () => {
  assert.equal(
    whyNodeFirst({ needs: {}, memory: {}, limits: { cpuCores: 0.02 } }),
    "the pod may use 20m of CPU, less than 100m",
  );
  assert.equal(whyNodeFirst({ needs: {}, memory: {}, limits: { cpuCores: 0.1 } }), undefined);
});

Deno.test("whyNodeFirst() finds a limit of files on disk where somebody may write some, and wants memory for others", () => {
  const limits = { storageBytes: 20 * MiB };
  assert.equal(
    whyNodeFirst({ needs: { writes: true }, memory: {}, limits }),
    "the pod is evicted when it writes more than 20 MiB, an ephemeral container included",
  );
  assert.equal(whyNodeFirst({ needs: {}, memory: {}, limits }), undefined);
  assert.equal(
    whyNodeFirst({ needs: {}, memory: { limitBytes: 200 * MiB, usedBytes: 0 }, limits }),
    "the pod has 200 MiB of memory free, less than 214",
  );
});

Deno.test("noRoom() knows pods that even a manager alone would endanger", () => {
  const why = "MiB of memory free, and a manager and its tools take 76";
  assert.equal(noRoom({ limitBytes: 48 * MiB }), `the pod has perhaps 24 ${why}`);
  assert.equal(noRoom({ limitBytes: 300 * MiB, usedBytes: 230 * MiB }), `the pod has 70 ${why}`);
  assert.equal(noRoom({ limitBytes: 80 * MiB }), undefined);
  assert.equal(noRoom({}), undefined);
});

Deno.test("toolMemory() sets memory aside for temporary files where none go to disk", () => {
  assert.equal(toolMemory({ limitBytes: 324 * MiB, usedBytes: 100 * MiB }, true), 50 * MiB);
});

Deno.test("whyNodeFirst() must where the target's mounts would not be protected", () => {
  assert.match(whyNodeFirst({ needs: { inside: "other" }, memory: {} }) ?? "", /mounts of the target/);
  assert.equal(whyNodeFirst({ needs: { inside: true }, memory: {} }), undefined);
});

Deno.test("toolMemory() leaves room for the app and the manager, and limits nothing where nothing is limited", () => {
  assert.equal(toolMemory({ limitBytes: 260 * MiB, usedBytes: 100 * MiB }), 50 * MiB);
  assert.equal(toolMemory({ limitBytes: 160 * MiB, usedBytes: 150 * MiB }), 16 * MiB);
  assert.equal(toolMemory({ limitBytes: 400 * MiB }), 70 * MiB);
  assert.equal(toolMemory({}), undefined);
});

Deno.test("predictWay() takes what runs first, a debug pod before an ephemeral container", () => {
  const facts = { needs: {}, memory: {} };
  assert.equal(predictWay({ ...facts, node: "runs", ephemeral: "runs" }), "node");
  assert.equal(predictWay({ ...facts, node: "possible", ephemeral: "runs" }), "ephemeral");
  const small = { needs: {}, memory: { limitBytes: 100 * MiB } };
  assert.equal(predictWay({ ...small, node: "possible", ephemeral: "runs" }), "ephemeral");
});

Deno.test("predictWay() takes the least privileged, but for small pods and pids of the node", () => {
  const both = { node: "possible", ephemeral: "possible" } as const;
  assert.equal(predictWay({ needs: {}, memory: {}, ...both }), "ephemeral");
  assert.equal(predictWay({ needs: {}, memory: { limitBytes: 100 * MiB }, ...both }), "node");
  assert.equal(predictWay({ needs: { nodePids: true }, memory: {}, ...both }), "node");
  assert.equal(predictWay({ needs: { nodePids: true }, memory: {}, ...both, ephemeral: "runs" }), "node");
  const other = { needs: { inside: "other" }, memory: {} } as const;
  assert.equal(predictWay({ ...other, ...both, ephemeral: "runs" }), "node");
  assert.equal(predictWay({ ...other, node: "impossible", ephemeral: "runs" }), "ephemeral");
});

Deno.test("predictWay() takes what is left, and nothing where nothing is", () => {
  const small = { needs: {}, memory: { limitBytes: 100 * MiB } }, pids = { needs: { nodePids: true }, memory: {} };
  assert.equal(predictWay({ ...small, node: "possible", ephemeral: "impossible" }), "node");
  assert.equal(predictWay({ ...small, node: "impossible", ephemeral: "possible" }), "ephemeral");
  assert.equal(predictWay({ ...pids, node: "impossible", ephemeral: "possible" }), undefined);
  assert.equal(predictWay({ ...small, node: "impossible", ephemeral: "impossible" }), undefined);
  const tiny = { needs: {}, memory: { limitBytes: 48 * MiB } };
  assert.equal(predictWay({ ...tiny, node: "impossible", ephemeral: "possible" }), undefined);
});
