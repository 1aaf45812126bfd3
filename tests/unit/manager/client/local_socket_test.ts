import assert from "node:assert/strict";
import { LocalSocket } from "../../../../src/manager/client/local_socket.ts";
import { ResetError } from "../../../../src/manager/protocol/tunnel/peer.ts";

/** Connects to a listener of this test; returns both ends. */
async function pair(): Promise<{ socket: LocalSocket; other: Deno.TcpConn; [Symbol.dispose](): void }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [socket, other] = await Promise.all([
    LocalSocket.connect("localhost", (listener.addr as Deno.NetAddr).port, 1000),
    listener.accept(),
  ]);
  return { socket, other, [Symbol.dispose]: () => (socket.reset(), other.close()) };
}

const text = (bytes: Uint8Array | undefined | null) => new TextDecoder().decode(bytes ?? undefined);

Deno.test("LocalSocket ends one way at a time", async () => {
  using both = await pair();
  const { socket, other } = both, buffer = new Uint8Array(100);
  await socket.write(new TextEncoder().encode("all of it"));
  socket.end();
  assert.equal(text(buffer.subarray(0, await other.read(buffer) ?? 0)), "all of it");
  assert.equal(await other.read(buffer), null);
  await other.write(new TextEncoder().encode("heard"));
  await other.closeWrite();
  assert.equal(text(await socket.read()), "heard");
  assert.equal(await socket.read(), undefined);
});

Deno.test("LocalSocket.reset() is a reset for the other side, and for its own", async () => {
  using both = await pair();
  const { socket, other } = both;
  socket.reset();
  await assert.rejects(other.read(new Uint8Array(10)), Deno.errors.ConnectionReset);
  await assert.rejects(socket.read(), ResetError);
  await assert.rejects(socket.write(new Uint8Array(10)), ResetError);
});

Deno.test("LocalSocket.write() waits for a reader who does not read", async () => {
  using both = await pair();
  const { socket } = both;
  const much = (async () => {
    for (let i = 0; i < 64; i++) await socket.write(new Uint8Array(1024 * 1024));
  })();
  const late = new Promise((resolve) => setTimeout(() => resolve("waits"), 300));
  assert.equal(await Promise.race([much, late]), "waits");
  socket.reset();
  await assert.rejects(much, ResetError);
});

Deno.test("LocalSocket.connect() says that nothing listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 }), { port } = listener.addr as Deno.NetAddr;
  listener.close();
  await assert.rejects(LocalSocket.connect("127.0.0.1", port, 1000), {
    message: `nothing listens on 127.0.0.1:${port}`,
  });
});
