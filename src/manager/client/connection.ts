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
import { Manager } from "../protocol/gen/manager_pb.ts";
import { beatMs, windowBytes } from "../protocol/transport.ts";

/** A connection to a manager. Disposing it ends, on the manager's side, everything that was started over it. */
export interface ManagerConnection extends AsyncDisposable {
  readonly calls: Client<typeof Manager>;
  /** Begins a call of any service, byte by byte. Throws when the connection is lost. */
  open(headers: OutgoingHttpHeaders, options?: ClientSessionRequestOptions): ClientHttp2Stream;
  /** Aborted when the connection is lost; the reason is the error of the stream below, if it had one. */
  readonly lost: AbortSignal;
}

/** After this time without an answer to a beat the connection counts as lost, in milliseconds. */
export const answerMs = 15_000;

/** A manager that has not answered for `silentMs`: it is stopped or starved, or the network is silent. */
export class Unanswered extends Error {
  /** `ever`: it has answered before. */
  constructor(readonly silentMs: number, readonly ever: boolean) {
    super(`the manager has not answered for ${silentMs / 1000} s`);
  }
}

/**
 * Speaks gRPC over one byte stream, and says every second that this client is alive. The first answer may take `firstMs`.
 * Every call ends with the connection.
 */
export function connect(stream: Duplex, firstMs = answerMs): ManagerConnection {
  const lost = new AbortController();
  const session: ClientHttp2Session = http2.connect("http://manager", {
    createConnection: () => stream,
    settings: { initialWindowSize: windowBytes, enablePush: false },
  });
  /** Calls that have not ended, and who waits for them. */
  const open = new Set<unknown>();
  let idle = Promise.withResolvers<void>();
  const beats = setInterval(beat, beatMs);
  let answered = performance.now(), ever = false;
  function heard() {
    answered = performance.now();
    ever = true;
  }
  function beat() {
    if (session.destroyed) return;
    session.ping((error) => error === null && heard());
    const limitMs = ever ? answerMs : firstMs;
    if (performance.now() - answered >= limitMs) close(new Unanswered(limitMs, ever));
  }
  function close(reason: unknown) {
    clearInterval(beats);
    // The stream first, so that no GOAWAY is sent: one that arrives while a call sends data makes Deno's HTTP/2 close that
    // call twice, and the manager dies of it with all that others run.
    stream.destroy();
    if (!session.destroyed) session.destroy();
    lost.abort(reason);
  }
  // It may have been closed before it was open.
  session.on("connect", () => session.destroyed || session.setLocalWindowSize(windowBytes));
  // The first word of a manager that runs.
  session.once("remoteSettings", heard);
  session.on("error", close);
  session.on("close", () => close(new Error("the connection to the manager ended")));
  stream.on("error", close);
  function start(headers: OutgoingHttpHeaders, options?: ClientSessionRequestOptions): ClientHttp2Stream {
    const call = session.request(headers, options);
    open.add(call);
    call.once("close", () => open.delete(call) && open.size === 0 && idle.resolve());
    return call;
  }
  return {
    open: start,
    calls: createClient(
      Manager,
      ending(
        createGrpcTransport(
          {
            baseUrl: "http://manager",
            acceptCompression: [],
            httpVersion: "2",
            // One stream, one session: there is nothing to reconnect to.
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
      clearInterval(beats);
      // Calls that end right now may still send their last frames; those that do not end are cut off.
      if (!session.destroyed && open.size > 0) {
        idle = Promise.withResolvers();
        const timer = setTimeout(idle.resolve, 200);
        await idle.promise;
        clearTimeout(timer);
      }
      close(new Error("the connection was closed"));
    },
  };
}

/** Ends every call with the connection: the HTTP/2 library leaves calls of a destroyed session waiting. */
function ending({ unary, stream }: Transport, lost: AbortSignal): Transport {
  const until = (signal: AbortSignal | undefined) => signal === undefined ? lost : AbortSignal.any([lost, signal]);
  return {
    unary: (method, signal, ...rest) => unary(method, until(signal), ...rest),
    stream: (method, signal, ...rest) => stream(method, until(signal), ...rest),
  };
}
