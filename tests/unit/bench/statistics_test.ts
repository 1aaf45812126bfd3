import assert from "node:assert/strict";
import { median } from "../../bench/statistics.ts";

Deno.test("median is the middle value, whatever their order", () => {
  assert.equal(median([30, 1, 2]), 2);
});

Deno.test("median of an even number is the mean of the two middle values", () => {
  assert.equal(median([4, 1, 3, 100]), 3.5);
});

Deno.test("median of nothing is an error", () => {
  assert.throws(() => median([]), RangeError);
});
