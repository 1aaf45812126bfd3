import assert from "node:assert/strict";
import { Channel } from "../../../src/lib/channel.ts";

/** Lets all pending promise callbacks run. */
const settle = () => new Promise((resolve) => setTimeout(resolve));

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

Deno.test("Channel delivers the values of several producers in the order in which they were pushed", async () => {
  const channel = new Channel<string>();
  const produce = async (name: string, times: number) => {
    for (let i = 0; i < times; i++) await channel.push(`${name}${i}`);
  };
  void Promise.all([produce("a", 3), produce("b", 2)]).then(() => channel.close());
  assert.deepEqual(await collect(channel), ["a0", "b0", "a1", "b1", "a2"]);
});

Deno.test("Channel.push() waits until the value was taken", async () => {
  const channel = new Channel<number>(), taken: number[] = [];
  const values = channel[Symbol.asyncIterator]();
  void channel.push(1).then(() => taken.push(1));
  void channel.push(2).then(() => taken.push(2));
  await settle();
  assert.deepEqual(taken, [], "nobody asked yet");
  assert.deepEqual(await values.next(), { value: 1, done: false });
  await settle();
  assert.deepEqual(taken, [1]);
  assert.deepEqual(await values.next(), { value: 2, done: false });
  await settle();
  assert.deepEqual(taken, [1, 2]);
});

Deno.test("Channel wakes a consumer that waits", async () => {
  const channel = new Channel<number>();
  const next = channel[Symbol.asyncIterator]().next();
  await settle();
  await channel.push(7);
  assert.deepEqual(await next, { value: 7, done: false });
});

Deno.test("Channel.close() still delivers what was pushed before, and drops what comes after", async () => {
  const channel = new Channel<number>();
  void channel.push(1);
  void channel.push(2);
  channel.close();
  await channel.push(3);
  assert.deepEqual(await collect(channel), [1, 2]);
});

Deno.test("Channel.close() ends a consumer that waits", async () => {
  const channel = new Channel<number>();
  const all = collect(channel);
  await settle();
  channel.close();
  assert.deepEqual(await all, []);
});

Deno.test("Channel releases its producers when the consumer goes away early", async () => {
  const channel = new Channel<number>();
  const pushed = Promise.all([channel.push(1), channel.push(2), channel.push(3)]);
  for await (const value of channel) {
    assert.equal(value, 1);
    break;
  }
  await pushed;
  await channel.push(4);
});

Deno.test("Channel.discard() lets producers go on for nobody", async () => {
  const channel = new Channel<number>();
  const pushed = channel.push(1);
  channel.discard();
  await pushed;
  await channel.push(2);
  assert.deepEqual(await collect(channel), []);
});
