import assert from "node:assert/strict";
import { pump } from "../../../src/terminal/pump.ts";
import type { Event } from "../../../src/event.ts";

const line = (text: string): Event => ({ type: "strace.line", time: "2026-01-01T00:00:00.000Z", text });

/** Makes a slow sink that records the size of each write. */
function slowSink(limit = Infinity) {
  const writes: number[] = [];
  let waiting = 0, writing: Promise<void> | undefined, most = 0;
  const drain = async () => {
    while (waiting > 0) {
      writes.push(waiting);
      waiting = 0;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    writing = undefined;
  };
  return {
    writes,
    get most() {
      return most;
    },
    event() {
      waiting += 1;
      most = Math.max(most, waiting);
      writing ??= drain();
    },
    flush: () => writing ?? Promise.resolve(),
    get full() {
      return waiting > limit;
    },
  };
}

async function* events(count: number): AsyncIterable<Event> {
  for (let i = 0; i < count; i++) yield await Promise.resolve(line(`${i}`));
}

Deno.test("pump() writes together what comes while the event before goes out", async () => {
  const sink = slowSink();
  await pump(events(1000), sink);
  assert.ok(sink.writes.length < 100, `${sink.writes.length} writes`);
});

Deno.test("pump() takes no more while the sink is full", async () => {
  const sink = slowSink(10);
  await pump(events(1000), sink);
  assert.ok(sink.most <= 12, `${sink.most} waited`);
});

Deno.test("pump() ends when nobody takes what it has, also while no event comes", async () => {
  async function* silent(): AsyncIterable<Event> {
    yield line("first");
    await new Promise(() => {});
  }
  const closed = new Error("closed pipe");
  const sink = { event() {}, flush: () => Promise.reject(closed), full: false };
  await assert.rejects(pump(silent(), sink), closed);
});

Deno.test("pump() passes on what the events throw", async () => {
  async function* failing(): AsyncIterable<Event> {
    yield line("first");
    throw new Error("lost");
  }
  await assert.rejects(pump(failing(), slowSink()), { message: "lost" });
});
