import assert from "node:assert/strict";
import { Pacer } from "../../../../../src/manager/protocol/tunnel/pacer.ts";

const kib = 1024;

/** A simulated network path: the chunks in flight, their times of arrival, and the time until which the path is busy. */
class NetworkPath {
  readonly #chunks: { bytes: number; arrives: number }[] = [];
  #free = 0;

  constructor(private readonly pacer: Pacer) {}

  /**
   * Sends as much as the pacer allows, between two times, at this bandwidth and round-trip time. Returns the longest time that
   * a chunk waited in the queue from the time `settled` on.
   */
  simulate(times: { from: number; to: number; settled?: number }, bytesPerMs: number, roundTripMs: number): number {
    const { from, to, settled = from } = times, chunk = 64 * kib;
    let most = 0;
    for (let now = from; now < to; now += 0.25) {
      while ((this.#chunks[0]?.arrives ?? Infinity) <= now) this.pacer.acknowledged(this.#chunks.shift()!.bytes, now);
      while (this.pacer.isOpen(now)) {
        this.pacer.sent(chunk, now);
        this.#free = Math.max(this.#free, now) + chunk / bytesPerMs;
        this.#chunks.push({ bytes: chunk, arrives: this.#free + roundTripMs });
      }
      if (now >= settled) most = Math.max(most, this.#free - now);
    }
    return most;
  }
}

Deno.test("Pacer lets a long and wide connection be full after three round trips", () => {
  const path = new NetworkPath(new Pacer()), bytesPerMs = 100_000, roundTripMs = 50;
  assert.ok(path.simulate({ from: 0, to: 1000, settled: 500 }, bytesPerMs, roundTripMs) > 0);
});

Deno.test("Pacer sends no more than a little before the first answer", () => {
  const pacer = new Pacer();
  pacer.sent(31 * kib, 0);
  assert.ok(pacer.isOpen(0));
  pacer.sent(kib, 0);
  assert.ok(!pacer.isOpen(0));
  pacer.acknowledged(32 * kib, 1);
  assert.ok(pacer.isOpen(1));
});

Deno.test("Pacer lets 128 KiB be on their way however slow the connection is", () => {
  const pacer = new Pacer();
  pacer.sent(32 * kib, 0);
  pacer.acknowledged(32 * kib, 5000);
  pacer.sent(127 * kib, 5000);
  assert.ok(pacer.isOpen(5000));
  pacer.sent(kib, 5000);
  assert.ok(!pacer.isOpen(5000));
});

Deno.test("Pacer builds no queue on a slow connection, however long it takes", () => {
  const waitMs = new NetworkPath(new Pacer()).simulate({ from: 0, to: 90_000 }, 1000, 20);
  assert.ok(waitMs < 300, `what follows waits ${waitMs} ms`);
});

Deno.test("Pacer takes a connection that has become slow for slow once what is on it has arrived", () => {
  const path = new NetworkPath(new Pacer());
  path.simulate({ from: 0, to: 1000 }, 20_000, 50);
  const waitMs = path.simulate({ from: 1000, to: 60_000, settled: 20_000 }, 1000, 50);
  assert.ok(waitMs < 500, `what follows waits ${waitMs} ms`);
});

Deno.test("Pacer takes no late word of something small for a long connection", () => {
  const pacer = new Pacer();
  for (let now = 0; now < 5000; now += 1000) {
    pacer.sent(100, now);
    pacer.acknowledged(100, now + 900);
  }
  const waitMs = new NetworkPath(pacer).simulate({ from: 5000, to: 10_000 }, 1000, 20);
  assert.ok(waitMs < 300, `what follows waits ${waitMs} ms`);
});

Deno.test("Pacer lets no more than 16 MiB be on their way", () => {
  const pacer = new Pacer();
  new NetworkPath(pacer).simulate({ from: 0, to: 5000 }, 1_000_000, 200);
  assert.equal(pacer.limit, 16 * 1024 * kib);
});

Deno.test("Pacer takes late acknowledgements that arrive all at once for no fast connection", () => {
  const pacer = new Pacer();
  pacer.sent(32 * kib, 0);
  pacer.acknowledged(32 * kib, 32);
  for (let now = 100; now < 2000; now += 100) {
    pacer.sent(50 * kib, now);
    // The bytes in flight arrived long ago, and are acknowledged only now.
    pacer.sent(50 * kib, now + 99);
    pacer.acknowledged(100 * kib, now + 100);
  }
  assert.ok(pacer.limit < 3 * 128 * kib, `${pacer.limit}`);
});

Deno.test("Pacer.messageBytes() is small on a slow connection and on one that is not known, and up to 256 KiB on others", () => {
  const pacer = new Pacer(), path = new NetworkPath(pacer);
  assert.equal(pacer.messageBytes(0), 32 * kib);
  path.simulate({ from: 0, to: 5000 }, 1000, 20);
  assert.ok(pacer.messageBytes(5000) < 80 * kib, `${pacer.messageBytes(5000)}`);
  path.simulate({ from: 5000, to: 30_000 }, 100_000, 20);
  assert.equal(pacer.messageBytes(29_999), 256 * kib);
});
