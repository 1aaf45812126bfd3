import assert from "node:assert/strict";
import { Rate } from "../../../src/lib/rate.ts";

Deno.test("Rate tells much from what only goes on for long", () => {
  const mebibyte = 1024 * 1024, rate = new Rate(2 * mebibyte, 1000);
  const told = [0, 900, 2000, 4000, 4100, 4200].map((now) => rate.isMuch(0.9 * mebibyte, now));
  assert.deepEqual(told, [false, false, false, false, false, true]);
});
