import assert from "node:assert/strict";
import { Backoff } from "../../../src/lib/backoff.ts";

/** Returns whether a wait is this long, give or take the jitter. */
function isAbout(waitMs: number, expectedMs: number): boolean {
  return waitMs >= expectedMs * 0.75 && waitMs <= expectedMs * 1.25;
}

Deno.test("Backoff doubles the wait up to the longest one, and begins anew after a reset", () => {
  const backoff = new Backoff({ firstMs: 100, longestMs: 500 });
  for (const expectedMs of [100, 200, 400, 500, 500]) assert.ok(isAbout(backoff.next(), expectedMs), `${expectedMs}`);
  backoff.reset();
  for (const expectedMs of [100, 200]) assert.ok(isAbout(backoff.next(), expectedMs), `${expectedMs} after the reset`);
});

Deno.test("Backoff keeps clients apart that lost their connections together", () => {
  const waits = Array.from({ length: 20 }, () => new Backoff({ firstMs: 100, longestMs: 500 }).next());
  assert.ok(new Set(waits).size > 1, `${waits}`);
});
