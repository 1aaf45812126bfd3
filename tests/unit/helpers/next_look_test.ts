import assert from "node:assert/strict";
import { nextLook } from "../../../src/helpers/next_look.ts";

const address = new Uint8Array(16);

Deno.test("nextLook() returns the next ping or the timeout of the oldest attempt", () => {
  const hosts = [{ address, due: 1500, done: false }, { address, due: 10, done: true }];
  assert.equal(nextLook(1000, hosts, [], 1000), 1500);
  assert.equal(nextLook(1000, hosts, [{ begun: 300 }, { begun: 200 }], 1000), 1200);
});

Deno.test("nextLook() waits a moment for a name that is being resolved, even if its ping is due", () => {
  const resolving = { due: 0, done: false };
  assert.equal(nextLook(1000, [resolving], [{ begun: 990 }], 1000), 1010);
  assert.equal(nextLook(1000, [resolving, { address, due: 1003, done: false }], [], 1000), 1003);
});
