import assert from "node:assert/strict";
import { checkoutHash, State } from "../../cluster/state.ts";

Deno.test("checkoutHash() depends on the path alone", () => {
  assert.equal(checkoutHash("/a"), checkoutHash("/a"));
  assert.notEqual(checkoutHash("/a"), checkoutHash("/b"));
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
