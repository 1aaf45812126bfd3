import assert from "node:assert/strict";
import { createServer } from "node:net";
import { startConnect } from "../../../../../src/manager/server/redirect/socket_calls.ts";
import { TcpSocket } from "../../../../../src/manager/server/redirect/tcp_socket.ts";

Deno.test("TcpSocket.connect() hears of a connection that is there at once, as on loopback", async () => {
  const server = createServer((socket) => socket.end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  // The first socket starts the poller; the others find it running.
  for (let count = 0; count < 20; count++) {
    const make = () => startConnect({ address: "127.0.0.1", port }, 0);
    const socket = await TcpSocket.connect(make, AbortSignal.timeout(3000));
    assert.equal(new TextDecoder().decode(await socket.read()), "hello");
    assert.equal(await socket.read(), undefined);
    socket.end();
  }
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

Deno.test("TcpSocket.connect() says why there is no connection", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  const make = () => startConnect({ address: "127.0.0.1", port }, 0);
  await assert.rejects(
    TcpSocket.connect(make, AbortSignal.timeout(3000)),
    /^SocketError: connect: connection refused$/,
  );
});
