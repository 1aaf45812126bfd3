import assert from "node:assert/strict";
import { chooseWay, preferNode, toolMemory } from "../../../src/ways/ladder.ts";

const MiB = 1024 * 1024;

Deno.test("preferNode() has no reason to where the pod's memory has no limit", () => {
  assert.equal(preferNode({ needs: {}, memory: {} }), undefined);
});

Deno.test("preferNode() finds too little memory", () => {
  assert.equal(
    preferNode({ needs: {}, memory: { limitBytes: 160 * MiB, usedBytes: 60 * MiB } }),
    "the pod has 100 MiB of memory free, less than 150",
  );
  assert.equal(preferNode({ needs: {}, memory: { limitBytes: 210 * MiB, usedBytes: 60 * MiB } }), undefined);
  assert.equal(
    preferNode({ needs: {}, memory: { limitBytes: 10 * MiB, usedBytes: 60 * MiB } }),
    "the pod has 0 MiB of memory free, less than 150",
  );
});

Deno.test("preferNode() takes half of the memory for used where nobody knows", () => {
  assert.equal(
    preferNode({ needs: {}, memory: { limitBytes: 256 * MiB } }),
    "the pod has perhaps 128 MiB of memory free, less than 150",
  );
  assert.equal(preferNode({ needs: {}, memory: { limitBytes: 300 * MiB } }), undefined);
});

Deno.test("preferNode() must for pids of the node", () => {
  assert.match(preferNode({ needs: { nodePids: true }, memory: {} }) ?? "", /pids of the node/);
});

Deno.test("preferNode() must where the target's mounts would not be protected", () => {
  assert.match(preferNode({ needs: { inside: "other" }, memory: {} }) ?? "", /mounts of the target/);
  assert.equal(preferNode({ needs: { inside: true }, memory: {} }), undefined);
});

Deno.test("toolMemory() leaves room for the app and the manager, and limits nothing where nothing is limited", () => {
  assert.equal(toolMemory({ limitBytes: 260 * MiB, usedBytes: 100 * MiB }), 50 * MiB);
  assert.equal(toolMemory({ limitBytes: 160 * MiB, usedBytes: 150 * MiB }), 16 * MiB);
  assert.equal(toolMemory({ limitBytes: 400 * MiB }), 70 * MiB);
  assert.equal(toolMemory({}), undefined);
});

Deno.test("chooseWay() takes what runs first, a debug pod before an ephemeral container", () => {
  const facts = { needs: {}, memory: {} };
  assert.equal(chooseWay({ ...facts, node: "runs", ephemeral: "runs" }), "node");
  assert.equal(chooseWay({ ...facts, node: "possible", ephemeral: "runs" }), "ephemeral");
  const small = { needs: {}, memory: { limitBytes: 100 * MiB } };
  assert.equal(chooseWay({ ...small, node: "possible", ephemeral: "runs" }), "ephemeral");
});

Deno.test("chooseWay() takes the least privileged, but for small pods and pids of the node", () => {
  const both = { node: "possible", ephemeral: "possible" } as const;
  assert.equal(chooseWay({ needs: {}, memory: {}, ...both }), "ephemeral");
  assert.equal(chooseWay({ needs: {}, memory: { limitBytes: 100 * MiB }, ...both }), "node");
  assert.equal(chooseWay({ needs: { nodePids: true }, memory: {}, ...both }), "node");
  assert.equal(chooseWay({ needs: { nodePids: true }, memory: {}, ...both, ephemeral: "runs" }), "node");
  const other = { needs: { inside: "other" }, memory: {} } as const;
  assert.equal(chooseWay({ ...other, ...both, ephemeral: "runs" }), "node");
  assert.equal(chooseWay({ ...other, node: "impossible", ephemeral: "runs" }), "ephemeral");
});

Deno.test("chooseWay() takes what is left, and nothing where nothing is", () => {
  const small = { needs: {}, memory: { limitBytes: 100 * MiB } }, pids = { needs: { nodePids: true }, memory: {} };
  assert.equal(chooseWay({ ...small, node: "possible", ephemeral: "impossible" }), "node");
  assert.equal(chooseWay({ ...small, node: "impossible", ephemeral: "possible" }), "ephemeral");
  assert.equal(chooseWay({ ...pids, node: "impossible", ephemeral: "possible" }), undefined);
  assert.equal(chooseWay({ ...small, node: "impossible", ephemeral: "impossible" }), undefined);
});
