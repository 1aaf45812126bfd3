/**
 * `server.ts NAME HOST PORT`: answers connections according to their first line, each after one byte with the server's name.
 *
 * `get BYTES PLACE`: sends BYTES bytes of the pattern from PLACE on, and closes. `put BYTES PLACE`: reads as many bytes, and
 * answers `ok` when they match the pattern, or the error. `hold 0 0`: sends nothing more, and closes with the client.
 */
import { Check, patternAt } from "./pattern.ts";

const chunkBytes = 256 * 1024;

const [name = "?", hostname = "127.0.0.1", port = "0"] = Deno.args;
const listener = Deno.listen({ hostname, port: Number(port) });
console.log(`listening ${(listener.addr as Deno.NetAddr).port}`);
for await (const connection of listener) {
  void serve(connection).catch(() => {}).finally(() => connection.close());
}

async function serve(connection: Deno.TcpConn): Promise<void> {
  connection.setNoDelay(true);
  const buffer = new Uint8Array(chunkBytes);
  let head = "", rest: Uint8Array<ArrayBuffer> = new Uint8Array();
  while (!head.includes("\n")) {
    const count = await connection.read(buffer);
    if (count === null) return;
    const end = buffer.subarray(0, count).indexOf(10);
    head += new TextDecoder().decode(buffer.subarray(0, end < 0 ? count : end + 1));
    if (end >= 0) rest = buffer.slice(end + 1, count);
  }
  const [what, bytes = 0, place = 0] = head.trim().split(" ").map((word, index) => index === 0 ? word : Number(word));
  await send(connection, new TextEncoder().encode(name.slice(0, 1)));
  if (what === "get") await give(connection, Number(bytes), Number(place));
  else {
    const check = new Check(Number(place));
    check.add(rest);
    // Reads only the announced bytes: kubectl port-forward does not pass on the end of the stream.
    while (what === "hold" || check.bytes < Number(bytes)) {
      const count = await connection.read(buffer);
      if (count === null) break;
      check.add(buffer.subarray(0, count));
    }
    const whole = check.bytes === bytes && check.wrongAt === undefined;
    const verdict = whole ? "ok" : `${check.bytes} of ${bytes} bytes, wrong at ${check.wrongAt}`;
    await send(connection, new TextEncoder().encode(verdict));
  }
  connection.closeWrite();
  while (await connection.read(buffer) !== null);
}

async function give(connection: Deno.TcpConn, bytes: number, place: number): Promise<void> {
  for (let sent = 0; sent < bytes;) {
    const piece = patternAt(place + sent, Math.min(chunkBytes, bytes - sent));
    await send(connection, piece);
    sent += piece.length;
  }
}

async function send(connection: Deno.TcpConn, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await connection.write(rest));
}
