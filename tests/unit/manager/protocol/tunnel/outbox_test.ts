import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { FrameSchema } from "../../../../../src/manager/protocol/gen/manager_pb.ts";
import type { Frame } from "../../../../../src/manager/protocol/gen/manager_pb.ts";
import { Outbox } from "../../../../../src/manager/protocol/tunnel/outbox.ts";

const kib = 1024;

const data = (connection: number, bytes: number): Frame =>
  create(FrameSchema, { connection, frame: { case: "data", value: new Uint8Array(bytes) } });
const opened = (connection: number): Frame => create(FrameSchema, { connection, frame: { case: "opened", value: {} } });

/** Summarises a message: the kinds of its frames and their connections. */
const short = (frames: readonly Frame[]): string =>
  frames.map(({ connection, frame }) => `${frame.case}${connection}`).join(" ");

/** Takes `count` messages and summarises them. */
async function ready(messages: AsyncIterator<Frame[]>, count: number): Promise<string[]> {
  const all: string[] = [];
  while (all.length < count) all.push(short((await messages.next()).value ?? []));
  return all;
}

/** Asserts that no message is ready. Returns the pending request for the next one. */
async function silent(messages: AsyncIterator<Frame[]>): Promise<{ next: Promise<string> }> {
  const next = messages.next().then(({ value }) => short(value ?? []));
  const turns = new Promise<string>((resolve) => setTimeout(() => resolve("silent"), 5));
  assert.equal(await Promise.race([next, turns]), "silent");
  return { next };
}

Deno.test("Outbox sends what opens connections first, then who has sent little, then the others", async () => {
  const outbox = new Outbox(), messages = outbox.messages()[Symbol.asyncIterator]();
  void outbox.pushData(data(1, 1000), 1000, 1_000_000);
  void outbox.pushData(data(2, 1000), 1000, 1000);
  outbox.push(opened(3));
  assert.deepEqual(await ready(messages, 1), ["opened3 data2 data1"]);
});

Deno.test("Outbox.pushData() resolves when it goes out", async () => {
  const outbox = new Outbox(), messages = outbox.messages()[Symbol.asyncIterator]();
  let taken = false;
  const pushed = outbox.pushData(data(1, 10), 10, 10).then(() => taken = true);
  await Promise.resolve();
  assert.ok(!taken);
  await messages.next();
  await pushed;
});

Deno.test("Outbox cuts messages, and sends all in the order of each connection", async () => {
  const outbox = new Outbox(), messages = outbox.messages()[Symbol.asyncIterator]();
  for (let i = 0; i < 5; i++) void outbox.pushData(data(1, 100 * kib), 100 * kib, 1);
  assert.deepEqual(await ready(messages, 2), ["data1 data1 data1", "data1 data1"]);
});

Deno.test("Outbox keeps who sends much back until the other side has it, and nobody else", async () => {
  const outbox = new Outbox(), messages = outbox.messages()[Symbol.asyncIterator]();
  const bulk = () => void outbox.pushData(data(1, 128 * kib), 128 * kib, 10_000_000);
  bulk();
  assert.deepEqual(await ready(messages, 1), ["data1"]);
  bulk();
  const { next } = await silent(messages);
  void outbox.pushData(data(2, 10), 10, 10);
  assert.equal(await next, "data2");
  const { next: then } = await silent(messages);
  outbox.acknowledged(128 * kib + 10);
  assert.equal(await then, "data1");
});

Deno.test("Outbox.arrived() is told with what goes out next", async () => {
  const outbox = new Outbox(), messages = outbox.messages()[Symbol.asyncIterator]();
  outbox.arrived(1000);
  const { next } = await silent(messages);
  outbox.arrived(500);
  outbox.push(opened(1));
  assert.equal(await next, "opened1 credit0");
  outbox.push(opened(2));
  const { value } = await messages.next();
  assert.equal(short(value), "opened2", "told twice");
});

Deno.test("Outbox.arrived() is told by itself from 32 KiB on, with all that came", async () => {
  const outbox = new Outbox(), messages = outbox.messages()[Symbol.asyncIterator]();
  outbox.arrived(32 * kib - 1);
  const next = messages.next();
  outbox.arrived(1);
  assert.deepEqual((await next).value[0].frame, { case: "credit", value: 32 * kib });
});

Deno.test("Outbox.close() lets out what is there, also what the pacer keeps back, and ends", async () => {
  const outbox = new Outbox(), messages = outbox.messages()[Symbol.asyncIterator]();
  for (let i = 0; i < 3; i++) void outbox.pushData(data(1, 128 * kib), 128 * kib, 10_000_000);
  outbox.close();
  assert.deepEqual(await ready(messages, 3), ["data1", "data1", "data1"]);
  assert.equal((await messages.next()).done, true);
  await outbox.pushData(data(1, 1), 1, 1); // resolves, although the frame is not sent
});
