/**
 * Sends an HTTP request every EVERY_MS milliseconds, each over its own connection, and prints a line of JSON for each: when it
 * was sent (epoch milliseconds), how long it took, and who answered or why it failed. Ends with its standard input.
 *
 * Usage: steady_requests.ts ADDRESS PORT EVERY_MS LIMIT_MS
 */
import { createConnection } from "node:net";

const [host = "", port = "", every = "", limit = ""] = Deno.args;
const encoder = new TextEncoder();

function request(): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port: Number(port) });
    let answer = "";
    const end = (outcome: string) => {
      clearTimeout(timer);
      resolve(outcome);
      socket.destroy();
    };
    const timer = setTimeout(() => end("no answer"), Number(limit));
    socket.on("error", (error: Error & { code?: string }) => end(error.code ?? error.message));
    socket.on("connect", () => socket.write(`GET / HTTP/1.0\r\nHost: app\r\n\r\n`));
    socket.on("data", (bytes) => answer += bytes.toString());
    socket.on("end", () => end(/^(LAPTOP|POD)$/m.exec(answer)?.[0] ?? `a strange answer: ${answer}`));
    socket.on("close", () => end("closed"));
  });
}

let count = 0;
setInterval(async () => {
  const number = ++count;
  const sent = performance.timeOrigin + performance.now();
  const who = await request();
  const line = JSON.stringify({ number, sent, ms: performance.timeOrigin + performance.now() - sent, who });
  Deno.stdout.writeSync(encoder.encode(`${line}\n`));
}, Number(every));

for await (const _ of Deno.stdin.readable);
Deno.exit(0);
