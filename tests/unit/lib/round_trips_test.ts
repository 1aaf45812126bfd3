import assert from "node:assert/strict";
import { RoundTrips } from "../../../src/lib/round_trips.ts";

function of(...times: number[]): RoundTrips {
  const trips = new RoundTrips();
  for (const ms of times) trips.add(ms);
  return trips;
}

Deno.test("RoundTrips.percentile() is the nearest rank", () => {
  const hundred = of(...Array.from({ length: 100 }, (_, i) => 100 - i));
  assert.equal(hundred.percentile(95), 95);
  assert.equal(of(3, 1, 2).percentile(95), 3);
  assert.equal(of(3, 1, 2).percentile(50), 2);
  assert.equal(of(...Array<number>(19).fill(1), 9).percentile(95), 1);
});

Deno.test("RoundTrips.percentile() takes in what comes after it was asked", () => {
  const trips = of(1);
  assert.equal(trips.maxMs, 1);
  trips.add(5);
  assert.equal(trips.maxMs, 5);
});

Deno.test("RoundTrips is undefined without a time", () => {
  const none = of();
  assert.deepEqual([none.minMs, none.averageMs, none.percentile(95), none.maxMs], Array(4).fill(undefined));
});

Deno.test("RoundTrips.averageMs is rounded to a microsecond", () => {
  assert.equal(of(0.1, 0.1, 0.2).averageMs, 0.133);
});
