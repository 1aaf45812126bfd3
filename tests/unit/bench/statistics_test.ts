import assert from "node:assert/strict";
import { median, quantile } from "../../bench/statistics.ts";

Deno.test("median is the middle value, whatever their order", () => {
  assert.equal(median([30, 1, 2]), 2);
});

Deno.test("median of an even number is the mean of the two middle values", () => {
  assert.equal(median([4, 1, 3, 100]), 3.5);
});

Deno.test("median of nothing is an error", () => {
  assert.throws(() => median([]), RangeError);
});

Deno.test("quantile is the smallest value that a share of all does not exceed", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(quantile(values, 0.5), 50);
  assert.equal(quantile(values, 0.99), 99);
  assert.equal(quantile([7], 0.99), 7);
});

Deno.test("quantile of nothing is an error", () => {
  assert.throws(() => quantile([], 0.5), RangeError);
});
