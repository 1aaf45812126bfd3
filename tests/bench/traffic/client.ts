/**
 * `client.ts HOST PORT`: for each line of standard input, which is a Load as JSON, connects to a server.ts and prints the
 * result on one line, as JSON. Checks every byte.
 */
import { Check, patternAt } from "./pattern.ts";
import type { Load, LoadResult } from "./load.ts";

const [hostname = "127.0.0.1", port = "0"] = Deno.args;
/** Limit of a connection, in milliseconds: a longer one counts as hung. */
const limitMs = 60_000;
/** Delay between two attempts to reach a server that has not started, in milliseconds. */
const againMs = 5;

/** Connections that are held open until they are released or the program ends. */
const held: Deno.TcpConn[] = [];
/** Number of connections begun. */
let turn = 0;

let rest = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) console.log(JSON.stringify(await perform(JSON.parse(line))));
}
for (const connection of held) connection.close();

async function perform(load: Load): Promise<LoadResult> {
  const start = performance.now();
  const result: LoadResult = { begun: 0, tookMs: 0, times: [], by: {}, wrong: [], startedAt: Date.now() };
  if (load.kind === "await") await untilAnsweredBy(load.by, load.limitMs, result);
  else if (load.kind === "release") { for (const connection of held.splice(0)) connection.close(); }
  else if (load.kind === "hold") await hold(load.connections, load.unread ?? false, result);
  else await Promise.all(Array.from({ length: load.atOnce }, () => loop(load, start, result)));
  result.tookMs = performance.now() - start;
  return result;
}

/** Makes connections one after the other; several loops run concurrently. */
async function loop(load: Load & { kind: "get" | "put" }, start: number, result: LoadResult): Promise<void> {
  const { bytes, connections, forMs = Infinity, everyMs = 0, halfClose = false } = load;
  if (everyMs > 0) await pause(Math.random() * everyMs);
  while (result.begun < (connections ?? Infinity) && performance.now() - start < forMs) {
    result.begun += 1;
    const begun = performance.now(), place = turn++ * 7919;
    const size = typeof bytes === "number" ? bytes : Math.floor(Math.random() ** 3 * bytes.most);
    await connectOnce({ kind: load.kind, bytes: size, place, halfClose }, result);
    result.times.push(performance.now() - begun);
    if (everyMs > 0) await pause(everyMs - (performance.now() - begun));
  }
}

interface One {
  kind: "get" | "put";
  bytes: number;
  place: number;
  halfClose: boolean;
}

async function connectOnce({ kind, bytes, place, halfClose }: One, result: LoadResult): Promise<void> {
  let connection: Deno.TcpConn | undefined;
  const timer = setTimeout(() => {
    wrong(`hung for ${limitMs} ms: ${kind} ${bytes}`);
    connection?.close();
  }, limitMs);
  const wrong = (what: string) => void (result.wrong.length < 20 && result.wrong.push(what));
  try {
    connection = await Deno.connect({ hostname, port: Number(port) });
    connection.setNoDelay(true);
    await send(connection, new TextEncoder().encode(`${kind} ${bytes} ${place}\n`));
    if (halfClose && kind === "get") connection.closeWrite();
    if (kind === "put") {
      for (let sent = 0; sent < bytes;) {
        const piece = patternAt(place + sent, Math.min(256 * 1024, bytes - sent));
        await send(connection, piece);
        sent += piece.length;
      }
      if (halfClose) connection.closeWrite();
    }
    const buffer = new Uint8Array(kind === "get" && bytes > 100_000 ? 256 * 1024 : 16 * 1024), check = new Check(place);
    let by = "", verdict = "";
    for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
      let got = buffer.subarray(0, count);
      if (by === "" && count > 0) {
        by = String.fromCharCode(got[0]!);
        got = got.subarray(1);
      }
      if (kind === "get") check.add(got);
      else verdict += new TextDecoder().decode(got);
    }
    result.by[by] = (result.by[by] ?? 0) + 1;
    if (kind === "put" && verdict !== "ok") wrong(`put ${bytes}: ${verdict || "no answer"}`);
    if (kind === "get" && check.bytes !== bytes) wrong(`get ${bytes}: ${check.bytes} bytes came`);
    if (check.wrongAt !== undefined) wrong(`get ${bytes}: wrong at ${check.wrongAt}`);
  } catch (error) {
    wrong(`${kind} ${bytes}: ${(error as Error).message}`);
  } finally {
    clearTimeout(timer);
    try {
      connection?.close();
    } catch {
      // The timer has closed the connection.
    }
  }
}

/** Opens connections and keeps them after an answer of one byte; `unread` ones request much data, and read no more of it. */
async function hold(connections: number, unread: boolean, result: LoadResult): Promise<void> {
  for (let count = 0; count < connections; count++) {
    const connection = await Deno.connect({ hostname, port: Number(port) });
    held.push(connection);
    await send(connection, new TextEncoder().encode(unread ? "get 1000000000 0\n" : "hold 0 0\n"));
    const name = new Uint8Array(1);
    const got = await connection.read(name);
    const by = got === null ? "" : String.fromCharCode(name[0]!);
    result.by[by] = (result.by[by] ?? 0) + 1;
  }
}

/** Connects again and again until the first byte of an answer is that of the wanted server. */
async function untilAnsweredBy(by: string, limitMs: number, result: LoadResult): Promise<void> {
  const end = performance.now() + limitMs;
  while (performance.now() < end) {
    if (await answeredBy() === by) {
      result.answeredAt = Date.now();
      return;
    }
    await pause(againMs);
  }
  result.wrong.push(`no answer by ${by} within ${limitMs} ms`);
}

async function answeredBy(): Promise<string | undefined> {
  try {
    using connection = await Deno.connect({ hostname, port: Number(port) });
    await send(connection, new TextEncoder().encode("get 1 0\n"));
    const name = new Uint8Array(1);
    return await connection.read(name) === null ? undefined : String.fromCharCode(name[0]!);
  } catch {
    return undefined; // the server has not started
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

async function send(connection: Deno.TcpConn, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await connection.write(rest));
}
