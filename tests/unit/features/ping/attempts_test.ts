import assert from "node:assert/strict";
import { Attempts, Rounds } from "../../../../src/features/ping/attempts.ts";

Deno.test("Attempts.settle() counts each packet once, in any order", () => {
  const attempts = new Attempts();
  assert.deepEqual([2, 0, 2, 1, 0].map((seq) => attempts.settle(seq)), [true, true, false, true, false]);
  assert.equal(attempts.settled, 3);
});

Deno.test("Attempts.open() lists what is not settled", () => {
  const attempts = new Attempts();
  for (const seq of [0, 3]) attempts.settle(seq);
  assert.deepEqual(attempts.open(4), [1, 2, 4]);
});

Deno.test("Rounds.sent() finds a round due a timeout after its last packet was sent", () => {
  const rounds = new Rounds(1000, 100);
  assert.equal(rounds.sent(0, 0, false), undefined);
  assert.equal(rounds.sent(0, 50, true), undefined);
  assert.equal(rounds.sent(1, 1149, false), undefined);
  assert.equal(rounds.sent(1, 1150, false), 0);
  assert.equal(rounds.sent(2, 1160, false), undefined);
});
