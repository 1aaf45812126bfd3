import assert from "node:assert/strict";
import { SendCredit, Windows } from "../../../../../src/manager/protocol/tunnel/credit.ts";

const kib = 1024, mib = 1024 * kib;

Deno.test("SendCredit.take() takes no more than there is", async () => {
  const credit = new SendCredit(100);
  assert.equal(await credit.take(60), 60);
  assert.equal(await credit.take(60), 40);
});

Deno.test("SendCredit.take() waits for more where there is none", async () => {
  const credit = new SendCredit(0), taken = credit.take(10);
  assert.equal(await Promise.race([taken, Promise.resolve("waiting")]), "waiting");
  credit.add(7);
  assert.equal(await taken, 7);
});

Deno.test("SendCredit.close() ends the waiting with nothing", async () => {
  const credit = new SendCredit(0), taken = credit.take(10);
  credit.close();
  assert.equal(await taken, 0);
  assert.equal(await credit.take(10), 0);
});

Deno.test("Windows.open() gives less where many are open, and as much as before when they have closed", () => {
  const windows = new Windows(), open = Array.from({ length: 65 }, () => windows.open());
  assert.deepEqual([open[0]!.first, open[63]!.first, open[64]!.first], [256 * kib, 256 * kib, 64 * kib]);
  for (const window of open) window.close();
  assert.equal(windows.open().first, 256 * kib);
});

Deno.test("ReceiveWindow.consume() tells of a quarter of the window at once, and of no byte twice", () => {
  const window = new Windows().open();
  assert.equal(window.consume(64 * kib - 1), 0);
  assert.equal(window.consume(1), 64 * kib);
  assert.equal(window.consume(1), 0);
});

/** Reads bytes of a connection in chunks. Returns the largest credit that the other side had, to which its window has grown. */
function carry(window: ReturnType<Windows["open"]>, bytes: number): number {
  let mayCome = window.first, most = 0;
  for (let read = 0; read < bytes; read += 64 * kib) {
    mayCome += window.consume(64 * kib) - 64 * kib;
    most = Math.max(most, mayCome);
  }
  return most;
}

Deno.test("ReceiveWindow grows with what it carries, to 8 MiB", () => {
  assert.equal(carry(new Windows().open(), 64 * mib), 8 * mib);
});

Deno.test("ReceiveWindow.close() gives back what the windows of a side may grow by together: 64 MiB", () => {
  const windows = new Windows(), many = Array.from({ length: 20 }, () => windows.open());
  const grown = many.reduce((sum, window) => sum + carry(window, 64 * mib) - window.first, 0);
  assert.ok(grown > 56 * mib && grown <= 64 * mib, `${grown / mib} MiB`);
  for (const window of many) {
    window.close();
    window.close();
  }
  assert.equal(carry(windows.open(), 64 * mib), 8 * mib);
});
