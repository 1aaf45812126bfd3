import assert from "node:assert/strict";
import { line, meaning } from "../../../src/helpers/handshake.ts";

Deno.test("meaning() distinguishes open, refused, unsent and lost", () => {
  const [ok, reset, refused, eperm, netUnreach, hostUnreach, timedOut] = [0, 104, 111, 1, 101, 113, 110].map(meaning);
  assert.deepEqual([ok, reset, refused], ["open", "refused", "refused"]);
  assert.deepEqual([eperm, netUnreach], ["unsent", "unsent"]);
  assert.deepEqual([hostUnreach, timedOut], ["lost", "lost"]);
});

Deno.test("line() has the time in seconds", () => {
  assert.equal(line(1_700_000_000_123.4567, 3, "no answer"), "[1700000000.123457] tcp_seq=3 no answer");
});
