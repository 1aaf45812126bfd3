import assert from "node:assert/strict";
import { Wakeup } from "../../../../../src/lib/wakeup.ts";
import { until } from "../../../../cluster/wait.ts";

import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { FramesSchema } from "../../../../../src/manager/protocol/gen/manager_pb.ts";
import type { Frame } from "../../../../../src/manager/protocol/gen/manager_pb.ts";
import type { LaneIn, LaneOut } from "../../../../../src/manager/protocol/tunnel/lane.ts";
import { ResetError } from "../../../../../src/manager/protocol/tunnel/peer.ts";
import { Tunnel } from "../../../../../src/manager/protocol/tunnel/tunnel.ts";
import type { TunnelStream } from "../../../../../src/manager/protocol/tunnel/tunnel.ts";

const kib = 1024;

/** Joins two tunnels with serialized messages. Collects the frames that are not handled by a connection. */
function joined(idleLaneMs?: number): { here: Tunnel; there: Tunnel; others: Frame[] } {
  const here = new Tunnel(idleLaneMs), there = new Tunnel(idleLaneMs), others: Frame[] = [];
  const carry = async (from: Tunnel, to: Tunnel) => {
    for await (const frames of from.outbox.messages()) {
      const bytes = toBinary(FramesSchema, { $typeName: "scope.v1.Frames", frames });
      to.receive(fromBinary(FramesSchema, bytes).frames, (frame) => void others.push(frame));
    }
  };
  void carry(here, there);
  void carry(there, here);
  return { here, there, others };
}

function open(connection = 1, credit = 256 * kib, idleLaneMs?: number) {
  const { here, there } = joined(idleLaneMs);
  return { here, there, a: here.open(connection, credit), b: there.open(connection, credit) };
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

async function readAll(stream: TunnelStream): Promise<Uint8Array> {
  const chunks: number[] = [];
  for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) chunks.push(...bytes);
  return Uint8Array.from(chunks);
}

const text = async (stream: TunnelStream): Promise<string> => new TextDecoder().decode(await readAll(stream));

/** Waits for some turns of the event loop, so that all pending work is done. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

Deno.test("TunnelStream carries bytes both ways, in order, also more than the other side may be sent at once", async () => {
  const { a, b } = open();
  const sent = Uint8Array.from({ length: 700 * kib }, (_, index) => index * 31 >> 3);
  const written = a.write(sent).then(() => a.end());
  assert.deepEqual(await readAll(b), sent);
  await written;
  await b.write(bytesOf("answer"));
  b.end();
  assert.equal(await text(a), "answer");
});

Deno.test("TunnelStream.end() ends one way, and the other one goes on", async () => {
  const { a, b } = open();
  a.end();
  assert.equal(await b.read(), undefined);
  await b.write(bytesOf("still here"));
  b.end();
  assert.equal(await text(a), "still here");
});

Deno.test("TunnelStream.reset() reaches the other side after what was sent before it", async () => {
  const { a, b } = open();
  await a.write(bytesOf("last words"));
  a.reset();
  assert.equal(new TextDecoder().decode(await b.read()), "last words");
  await assert.rejects(b.read(), ResetError);
  await assert.rejects(b.write(bytesOf("anybody?")), ResetError);
  await b.broken;
});

Deno.test("TunnelStream.reset() ends what waits on its own side", async () => {
  const { a } = open(1, 10);
  const read = assert.rejects(a.read(), ResetError), written = assert.rejects(a.write(new Uint8Array(100)), ResetError);
  a.reset();
  await Promise.all([read, written]);
});

Deno.test("TunnelStream.write() waits for a reader who does not read, and holds back no other connection", async () => {
  const { here, there, a, b } = open();
  let done = false;
  const written = a.write(new Uint8Array(1024 * kib)).then(() => done = true);
  await settled();
  assert.ok(!done);
  const c = here.open(2, 256 * kib), d = there.open(2, 256 * kib);
  await c.write(bytesOf("passes"));
  c.end();
  assert.equal(await text(d), "passes");
  assert.ok(!done);
  for (let left = 1024 * kib; left > 0;) left -= (await b.read())!.length;
  await written;
});

Deno.test("TunnelStream.write() is not asked for more than the other side has given credit for", async () => {
  const { a, b } = open(1, 1000);
  void a.write(new Uint8Array(5000)).catch(() => {});
  await settled();
  assert.equal((await b.read())!.length, 1000);
  const more = b.read();
  b.credit.close();
  assert.equal(await Promise.race([more, settled().then(() => "waits")]), "waits");
});

Deno.test("TunnelStream.close() sends its word behind the data, and nothing after it", async () => {
  const { here, there, others } = joined();
  const a = here.open(1, 1000), b = there.open(1, 1000);
  await a.write(bytesOf("data"));
  a.close({ case: "refused", value: "over" });
  await assert.rejects(a.write(bytesOf("more")), ResetError);
  a.end();
  a.reset();
  await settled();
  assert.deepEqual(others.map(({ connection, frame }) => [connection, frame.case]), [[1, "refused"]]);
  assert.equal(new TextDecoder().decode(await b.read()), "data");
  assert.equal(await Promise.race([b.read(), settled().then(() => "no end, no reset")]), "no end, no reset");
  assert.equal(here.size, 0);
});

Deno.test("Tunnel.receive() passes over data of a connection that it does not know any more", async () => {
  const { a, b, there } = open();
  b.close();
  await a.write(bytesOf("late"));
  await settled();
  assert.equal(there.size, 0);
});

Deno.test("Tunnel.close() breaks all connections, and those that are opened later", async () => {
  const { here, a } = open();
  const read = assert.rejects(a.read(), ResetError);
  here.close();
  await read;
  await assert.rejects(here.open(2, 1000).read(), ResetError);
  assert.equal(here.size, 0);
});

Deno.test("Tunnel.receive() tells the other side what arrived, so that it may go on", async () => {
  const { a, b } = open(1, 16 * 1024 * kib);
  // Much more than may be in flight without acknowledgements.
  const written = a.write(new Uint8Array(2048 * kib)).then(() => a.end());
  assert.equal(await readAllLength(b), 2048 * kib);
  await written;
});

async function readAllLength(stream: TunnelStream): Promise<number> {
  let length = 0;
  for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) length += bytes.length;
  return length;
}

/** A lane in memory, with what was sent by it. */
function lane(): LaneIn & LaneOut & { bytes: number; closed: number } {
  const queue: Uint8Array<ArrayBuffer>[] = [], changed = new Wakeup();
  return {
    bytes: 0,
    closed: 0,
    write(bytes) {
      if (this.closed > 0) return Promise.reject(new Error("closed"));
      this.bytes += bytes.length;
      queue.push(bytes);
      changed.wake();
      return Promise.resolve();
    },
    async read() {
      while (queue.length === 0 && this.closed === 0) await changed.next;
      return queue.shift();
    },
    end() {
      this.close();
    },
    close() {
      this.closed += 1;
      changed.wake();
    },
  };
}

Deno.test("TunnelStream sends by a lane from the next write on, in order, and ends", async () => {
  const { a, b } = open(), one = lane();
  await a.write(bytesOf("by frames, "));
  assert.equal(b.receiveBy(one), true);
  a.sendBy(one);
  await a.write(bytesOf("by the lane, "));
  await a.write(bytesOf("and again"));
  assert.equal(one.bytes, 22);
  a.end();
  assert.equal(await text(b), "by frames, by the lane, and again");
  await b.write(bytesOf("answer"));
  b.end();
  assert.equal(await text(a), "answer");
});

Deno.test("TunnelStream sends by frames again when nothing was sent by its lane for a while, and by another lane after that", async () => {
  const { a, b } = open(1, 256 * kib, 50), one = lane(), two = lane();
  b.receiveBy(one);
  a.sendBy(one);
  await a.write(bytesOf("one "));
  assert.equal(b.receiveBy(lane()), false, "it has a lane");
  await until("the lane to be left", 5, () => one.closed === 1);
  await a.write(bytesOf("frames "));
  const first = [await b.read(), await b.read()].map((bytes) => new TextDecoder().decode(bytes));
  assert.deepEqual(first, ["one ", "frames "]);
  assert.equal(b.receiveBy(two), true);
  a.sendBy(two);
  await a.write(bytesOf("two"));
  a.end();
  assert.equal(await text(b), "two");
});

Deno.test("TunnelStream.reset() reaches the other side after what was sent by a lane", async () => {
  const { a, b } = open(), one = lane();
  b.receiveBy(one);
  a.sendBy(one);
  await a.write(bytesOf("last words"));
  a.reset();
  await b.broken;
  assert.equal(new TextDecoder().decode(await b.read()), "last words");
  await assert.rejects(b.read(), ResetError);
});

Deno.test("TunnelStream is reset where its lane loses bytes, and where it cannot be written", async () => {
  const lossy = open(), one = lane();
  lossy.b.receiveBy({ read: () => Promise.resolve(undefined), close() {} });
  lossy.a.sendBy(one);
  await lossy.a.write(bytesOf("lost"));
  lossy.a.end();
  await assert.rejects(lossy.b.read(), ResetError);
  await lossy.a.broken;

  const closed = open(), other = lane();
  closed.b.receiveBy(lane());
  closed.a.sendBy(other);
  other.close();
  await assert.rejects(closed.a.write(bytesOf("never")), ResetError);
  await closed.b.broken;
  await assert.rejects(closed.b.read(), ResetError);
});

Deno.test("TunnelStream closes its lanes when the tunnel is closed", async () => {
  const { here, a } = open(), incoming = lane(), outgoing = lane(), offered = lane();
  a.receiveBy(incoming);
  a.sendBy(outgoing);
  await a.write(bytesOf("sent"));
  here.close();
  a.sendBy(offered);
  assert.deepEqual([incoming, outgoing, offered].map(({ closed }) => closed > 0), [true, true, true]);
});
