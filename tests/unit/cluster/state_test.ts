import assert from "node:assert/strict";
import { clusterHash, State } from "../../cluster/state.ts";

Deno.test("clusterHash() depends on the path and the cluster's name", () => {
  assert.equal(clusterHash("/a"), clusterHash("/a"));
  assert.equal(clusterHash("/a"), clusterHash("/a", ""));
  assert.notEqual(clusterHash("/a"), clusterHash("/a", "b"));
  assert.notEqual(clusterHash("/a"), clusterHash("/b"));
});

Deno.test("State.write() is read again, and what was never written is undefined", async () => {
  const cache = await Deno.makeTempDir();
  try {
    const state = new State("/checkout", cache);
    assert.equal(state.read("slot"), undefined);
    assert.equal(state.slot, undefined);
    state.write("slot", "12");
    assert.equal(state.slot, 12);
    assert.deepEqual(state.processes(), new Map());
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});
