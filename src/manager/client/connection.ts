import http2 from "node:http2";
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  ClientSessionRequestOptions,
  OutgoingHttpHeaders,
} from "node:http2";
import type { Duplex } from "node:stream";
import { createClient } from "@connectrpc/connect";
import type { Client, Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Wakeup } from "../../lib/wakeup.ts";
import { Manager } from "../protocol/gen/manager_pb.ts";
import { pingIntervalMs, waitingPingIntervalMs, windowBytes } from "../protocol/transport.ts";

/** A connection to a manager. Disposing the connection ends everything that the manager started for it. */
export interface ManagerConnection extends AsyncDisposable {
  readonly calls: Client<typeof Manager>;
  /** Opens the HTTP/2 stream of a call to any service. Throws if the connection is lost. */
  open(headers: OutgoingHttpHeaders, options?: ClientSessionRequestOptions): ClientHttp2Stream;
  /** Lets the connection wait for its first command; `connect()` takes it up again by its stream. */
  wait(): Promise<void>;
  /** Ends the wait. Resolves to whether the manager answers within `limitMs`. */
  resume(limitMs: number): Promise<boolean>;
  /** Aborted when the connection is lost; the reason is the error of the underlying stream, if it had one. */
  readonly lost: AbortSignal;
}

/** Time without an answer to a PING after which the connection counts as lost, in milliseconds. */
export const answerMs = 15_000;

/** The manager has not answered for `silentMs`: it is stopped or starved, or no packets arrive. */
export class Unanswered extends Error {
  /** `ever`: the manager has answered before. */
  constructor(readonly silentMs: number, readonly ever: boolean) {
    super(`the manager has not answered for ${silentMs / 1000} s`);
  }
}

/** The connections that wait, by their streams. */
const waiting = new WeakMap<Duplex, ManagerConnection>();

/** Takes up the connection that waits on a byte stream, or makes one there. The first answer may take `firstMs`. */
export function connect(stream: Duplex, firstMs = answerMs): ManagerConnection {
  return waiting.get(stream) ?? open(stream, firstMs);
}

/**
 * Speaks gRPC over one byte stream, and sends a PING every second to keep this client alive at the manager. The first answer
 * may take `firstMs`. Every call ends with the connection.
 */
function open(stream: Duplex, firstMs: number): ManagerConnection {
  const lost = new AbortController();
  const session: ClientHttp2Session = http2.connect("http://manager", {
    createConnection: () => stream,
    settings: { initialWindowSize: windowBytes, enablePush: false },
  });
  /** Calls that have not ended; `idle` is woken when there are none. */
  const running = new Set<unknown>(), idle = new Wakeup();
  let pings = setInterval(ping, pingIntervalMs), pingMs = pingIntervalMs;
  let answeredAt = performance.now(), answeredOn = Date.now(), ever = false;
  function onAnswer() {
    answeredAt = performance.now();
    answeredOn = Date.now(); // goes on while the machine is suspended
    ever = true;
  }
  function ping() {
    if (session.destroyed) return;
    session.ping((error) => error === null && onAnswer());
    const limitMs = pingMs > pingIntervalMs ? 2 * pingMs : ever ? answerMs : firstMs;
    if (performance.now() - answeredAt >= limitMs) close(new Unanswered(limitMs, ever));
  }
  function close(reason: unknown) {
    clearInterval(pings);
    // Destroy the stream first, so that no GOAWAY is sent. A GOAWAY that arrives while a call sends data makes Deno's HTTP/2
    // close that call twice, which crashes the manager with the programs of all clients.
    stream.destroy();
    if (!session.destroyed) session.destroy();
    lost.abort(reason);
  }
  // The session may have been destroyed before it was connected.
  session.on("connect", () => session.destroyed || session.setLocalWindowSize(windowBytes));
  // SETTINGS is the first frame of a running manager.
  session.once("remoteSettings", onAnswer);
  session.on("error", close);
  session.on("close", () => close(new Error("the connection to the manager ended")));
  stream.on("error", close);
  function start(headers: OutgoingHttpHeaders, options?: ClientSessionRequestOptions): ClientHttp2Stream {
    const call = session.request(headers, options);
    running.add(call);
    call.once("close", () => running.delete(call) && running.size === 0 && idle.wake());
    return call;
  }
  function pingEvery(ms: number) {
    clearInterval(pings);
    pingMs = ms;
    pings = setInterval(ping, ms);
  }
  const connection: ManagerConnection = {
    open: start,
    async wait() {
      await connection.calls.info({ waiting: true });
      waiting.set(stream, connection);
      pingEvery(waitingPingIntervalMs);
    },
    async resume(limitMs) {
      if (session.destroyed || Date.now() - answeredOn > 2 * waitingPingIntervalMs) return false;
      const answered = Promise.withResolvers<boolean>();
      const late = setTimeout(answered.resolve, limitMs, false);
      answeredAt = performance.now();
      pingEvery(pingIntervalMs);
      session.ping((error) => answered.resolve(error === null));
      return await answered.promise.finally(() => clearTimeout(late));
    },
    calls: createClient(
      Manager,
      ending(
        createGrpcTransport(
          {
            baseUrl: "http://manager",
            acceptCompression: [],
            httpVersion: "2",
            // The session has exactly one stream, so it cannot reconnect.
            sessionManager: {
              authority: "http://manager",
              request: (method, path, headers, options) =>
                Promise.resolve(start({ ...headers, ":method": method, ":path": path }, options)),
              notifyResponseByteRead() {},
            },
          } as Parameters<typeof createGrpcTransport>[0],
        ),
        lost.signal,
      ),
    ),
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      clearInterval(pings);
      // Give calls that are ending time to send their last frames; all others are cut off.
      if (!session.destroyed && running.size > 0) {
        const timer = setTimeout(() => idle.wake(), 200);
        await idle.next;
        clearTimeout(timer);
      }
      close(new Error("the connection was closed"));
    },
  };
  return connection;
}

/** Wraps a transport so that every call ends with the connection: calls of a destroyed HTTP/2 session would hang. */
function ending({ unary, stream }: Transport, lost: AbortSignal): Transport {
  const until = (signal: AbortSignal | undefined) => signal === undefined ? lost : AbortSignal.any([lost, signal]);
  return {
    unary: (method, signal, ...rest) => unary(method, until(signal), ...rest),
    stream: (method, signal, ...rest) => stream(method, until(signal), ...rest),
  };
}
