import assert from "node:assert/strict";
import { Wakeup } from "../../../src/lib/wakeup.ts";

/** Returns whether the promise has resolved by now. */
function isOver(promise: Promise<void>): Promise<boolean> {
  return Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setTimeout(resolve, 0, false))]);
}

Deno.test("Wakeup.wake() ends every wait that has begun", async () => {
  const changed = new Wakeup(), waits = [changed.next, changed.next];
  assert.deepEqual(await Promise.all(waits.map(isOver)), [false, false]);
  changed.wake();
  await Promise.all(waits);
});

Deno.test("Wakeup.wake() ends no later wait", async () => {
  const changed = new Wakeup();
  changed.wake();
  const first = changed.next;
  assert.equal(await isOver(first), false);
  changed.wake();
  const second = changed.next;
  assert.deepEqual([await isOver(first), await isOver(second)], [true, false]);
});
