import assert from "node:assert/strict";
import { punctual } from "../../bench/punctuality.ts";

const packets = (target: string, ...times: number[]) => times.map((at, seq) => ({ target, seq, at }));

Deno.test("punctual counts packets that are late by no more than the tolerance", () => {
  assert.equal(punctual(packets("a", 0, 1100, 2101), 1000, 100), 2);
});

Deno.test("punctual takes a late first packet as the late one", () => {
  assert.equal(punctual(packets("a", 500, 1000, 2000), 1000, 100), 2);
});

Deno.test("punctual counts each target from its own start", () => {
  assert.equal(punctual([...packets("a", 0, 1000), ...packets("b", 700, 1700)], 1000, 100), 4);
});
