import assert from "node:assert/strict";
import { SLOTS } from "../../cluster/plan.ts";
import { checkoutHash, lockFile, preferredSlot, State } from "../../cluster/state.ts";

Deno.test("checkoutHash() and preferredSlot() depend on the checkout alone", () => {
  assert.equal(checkoutHash("/a"), checkoutHash("/a"));
  assert.notEqual(checkoutHash("/a"), checkoutHash("/b"));
  for (const path of ["/a", "/b", "/some/where/else"]) {
    const slot = preferredSlot(path);
    assert.ok(Number.isInteger(slot) && slot >= 0 && slot < SLOTS, `${slot}`);
  }
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

Deno.test("lockFile() lets the next one in after the first has let go", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const order: string[] = [];
    const first = await lockFile(`${folder}/lock`, () => {});
    const second = lockFile(`${folder}/lock`, () => {}).then((lock) => {
      order.push("second in");
      lock[Symbol.dispose]();
    });
    order.push("first out");
    first[Symbol.dispose]();
    await second;
    assert.deepEqual(order, ["first out", "second in"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
