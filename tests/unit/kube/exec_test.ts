import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { execStream } from "../../../src/kube/exec.ts";
import type { Cluster } from "../../../src/kube/cluster.ts";
import type { ExecRequest, ExecSocket } from "../../../src/kube/rest.ts";

/** An exec whose websocket the test plays, as an API server whose connection breaks. */
class Played extends EventEmitter implements ExecSocket {
  request!: ExecRequest;
  paused = false;
  bufferedAmount = 0;
  pause = () => void (this.paused = true);
  resume = () => void (this.paused = false);
  close = () => void this.emit("close");
  readonly cluster = {
    exec: (request: ExecRequest) => {
      this.request = request;
      return Promise.resolve(this);
    },
    call: (_what: string, open: () => Promise<ExecSocket>) => open(),
  } as unknown as Cluster;

  open(whole: boolean) {
    return execStream(this.cluster, { namespace: "shop", pod: "web", container: "app", command: ["cat"], whole });
  }
}

async function sizeOf(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const bytes of stream) size += bytes.length;
  return size;
}

Deno.test("execStream() ends after all output, though the exit was told before it was read", async () => {
  const exec = new Played(), stream = await exec.open(true);
  for (let i = 0; i < 100; i++) exec.request.output.write(Buffer.alloc(100_000));
  exec.request.onStatus({ status: "Success" });
  exec.close();
  assert.equal(await sizeOf(stream), 10_000_000);
});

Deno.test("execStream() stops reading the websocket while its reader is behind", async () => {
  const exec = new Played(), stream = await exec.open(true);
  exec.request.output.write(Buffer.alloc(2_000_000));
  await new Promise((done) => setTimeout(done));
  assert.equal(exec.paused, true);
  exec.request.onStatus({ status: "Success" });
  assert.equal(await sizeOf(stream), 2_000_000);
  assert.equal(exec.paused, false);
});

Deno.test("execStream() lets a writer wait while the network is behind", async () => {
  const exec = new Played(), stream = await exec.open(true);
  exec.bufferedAmount = 2_000_000;
  let done = false;
  const written = new Promise<void>((resolve) => stream.write(Buffer.alloc(10), () => resolve())).then(() =>
    done = true
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(done, false);
  exec.bufferedAmount = 0;
  await written;
  stream.destroy();
});

Deno.test("execStream() fails where the connection ends before the exit is told, if all output counts", async () => {
  for (const whole of [true, false]) {
    const exec = new Played(), stream = await exec.open(whole);
    exec.request.output.write(Buffer.alloc(10));
    exec.close();
    if (whole) {
      await assert.rejects(sizeOf(stream), {
        message: 'Lost the connection to "shop/web"',
        hint: "its exit was not told",
      });
    } else assert.equal(await sizeOf(stream), 10);
  }
});
