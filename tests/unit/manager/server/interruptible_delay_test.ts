import assert from "node:assert/strict";
import { InterruptibleDelay } from "../../../../src/manager/server/interruptible_delay.ts";

const long = 60_000;

Deno.test("Pause waits its time", async () => {
  const start = performance.now();
  await new InterruptibleDelay().wait(30);
  assert.ok(performance.now() - start >= 29);
});

Deno.test("InterruptibleDelay.wake() ends all waits of now, and none that come later", async () => {
  const pause = new InterruptibleDelay();
  const waits = Promise.all([pause.wait(long), pause.wait(long)]);
  pause.wake();
  await waits;
  const later = pause.wait(long).then(() => "over");
  assert.equal(await Promise.race([later, new InterruptibleDelay().wait(20).then(() => "waiting")]), "waiting");
  pause.end();
  assert.equal(await later, "over");
});

Deno.test("InterruptibleDelay.end() lets nothing wait any more", async () => {
  const pause = new InterruptibleDelay();
  pause.end();
  await pause.wait(long);
});
