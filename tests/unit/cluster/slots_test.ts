import assert from "node:assert/strict";
import { SLOTS } from "../../cluster/plan.ts";
import { preferredSlot } from "../../cluster/slots.ts";

Deno.test("preferredSlot() depends on the path alone, and is a slot", () => {
  for (const path of ["/a", "/b", "/some/where/else"]) {
    const slot = preferredSlot(path);
    assert.equal(preferredSlot(path), slot);
    assert.ok(Number.isInteger(slot) && slot >= 0 && slot < SLOTS, `${slot}`);
  }
  assert.ok(new Set(["/a", "/b", "/c", "/d"].map((path) => preferredSlot(path))).size > 1);
});
