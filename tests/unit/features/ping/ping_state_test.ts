import assert from "node:assert/strict";
import { applyEvent, newPingState, Pinged, worstFirst } from "../../../../src/features/ping/ping_state.ts";

const at = 0;

Deno.test("Pinged.last() orders packets by sequence number, in whatever order they are settled", () => {
  const pinged = new Pinged({ address: "10.0.0.1" });
  pinged.record(0, { at, rttMs: 1 });
  pinged.record(2, { at, rttMs: 3 });
  assert.deepEqual(pinged.last(9), [{ at, rttMs: 1 }, undefined, { at, rttMs: 3 }]);
  pinged.record(1, { at, missing: "lost" });
  assert.deepEqual(pinged.last(2), [{ at, missing: "lost" }, { at, rttMs: 3 }]);
});

Deno.test("Pinged keeps a bounded number of packets but counts all", () => {
  const pinged = new Pinged({ address: "10.0.0.1" });
  for (let seq = 0; seq < 5000; seq++) pinged.record(seq, { at, rttMs: seq });
  assert.equal(pinged.last(10_000).length, 512);
  assert.ok(pinged.last(10_000).every((outcome) => outcome !== undefined));
  assert.equal(pinged.roundTrips.count, 5000);
});

Deno.test("Pinged.standing follows what came last", () => {
  const pinged = new Pinged({ address: "10.0.0.1" });
  assert.equal(pinged.standing, "pending");
  pinged.record(0, { at, rttMs: 1 });
  assert.equal(pinged.standing, "ok");
  for (const seq of [1, 2]) pinged.record(seq, { at, missing: "lost" });
  assert.equal(pinged.standing, "losing");
  pinged.record(3, { at, missing: "lost" });
  assert.equal(pinged.standing, "lost");
  pinged.record(4, { at, missing: "unsent" });
  assert.equal(pinged.standing, "unsent");
  for (let seq = 5; seq < 40; seq++) pinged.record(seq, { at, rttMs: 1 });
  assert.equal(pinged.standing, "ok");
  pinged.gone = "deleted";
  assert.equal(pinged.standing, "gone");
});

Deno.test("worstFirst() puts loss before slowness, and does not reorder rows for small changes", () => {
  const state = newPingState();
  const reply = (address: string, seq: number, rttMs: number) =>
    applyEvent(state, { type: "ping.reply", time: "2026-01-01T00:00:00Z", address, seq, rttMs });
  reply("quick-b", 0, 0.05);
  reply("quick-a", 0, 0.052);
  reply("slow", 0, 9);
  reply("losing", 0, 0.05);
  applyEvent(state, { type: "ping.lost", time: "2026-01-01T00:00:00Z", address: "losing", seq: 1 });
  const names = () => worstFirst(state).map((key) => key.split(" ")[1]);
  assert.deepEqual(names(), ["losing", "slow", "quick-a", "quick-b"]);
  reply("quick-b", 1, 0.055);
  assert.deepEqual(names(), ["losing", "slow", "quick-a", "quick-b"]);
});
