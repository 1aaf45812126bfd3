import http2 from "node:http2";
import type {
  ClientHttp2Stream,
  Http2Server,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from "node:http2";
import { Code } from "@connectrpc/connect";
import { Wakeup } from "../../lib/wakeup.ts";
import type { ManagerConnection } from "./connection.ts";
import { windowBytes } from "../protocol/transport.ts";

/** Accepts gRPC calls from other clients and forwards them. Disposing ends the calls that still run. */
export interface Forwarder extends AsyncDisposable {
  /** The server, which does not listen yet. */
  readonly server: Http2Server;
  /** Time without a connected client, in milliseconds; 0 while a client is connected. */
  readonly idleMs: number;
}

/** Reset codes of HTTP/2, see RFC 9113 section 7. */
const internalError = 2, cancel = 8;
/** Time to send callers the status of calls that end with the forwarder, in milliseconds. */
const statusMs = 200;
/** Headers that replace those of the caller: grpcurl, for example, sends the path of the socket as authority. */
const ownHeaders = { ":scheme": "http", ":authority": "manager" };
/** Flag of the last frame of a stream, see RFC 9113 section 6.2. */
const endStream = 1;

/**
 * Returns an HTTP/2 server that forwards all calls over one connection to a manager. That connection sends the PINGs that
 * keep a client alive, so callers need not. Calls that arrive before the connection is open wait for it.
 */
export function forwarder(connection: Promise<ManagerConnection>): Forwarder {
  const sessions = new Set<ServerHttp2Session>();
  const calls = new Set<Call>();
  /** Woken when the last call has ended. */
  const quiet = new Wakeup();
  let emptySince = performance.now();
  const server = http2.createServer({ settings: { initialWindowSize: windowBytes } });
  server.on("session", (session) => {
    sessions.add(session);
    session.setLocalWindowSize(windowBytes);
    session.on("close", () => {
      sessions.delete(session);
      emptySince = performance.now();
    });
    session.on("error", () => {}); // handled by "close"
  });
  server.on("sessionError", () => {});
  server.on("stream", (near: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    near.on("error", () => {}); // handled by "close"
    const take = ({ open, lost }: ManagerConnection) => {
      if (near.destroyed) return;
      const call = forward(near, open({ ...plain(headers), ...ownHeaders }, { endStream: false }), lost);
      calls.add(call);
      near.on("close", () => calls.delete(call) && calls.size === 0 && quiet.wake());
    };
    connection.then(take).catch(() => near.close(internalError));
  });
  return {
    server,
    get idleMs() {
      return sessions.size > 0 ? 0 : performance.now() - emptySince;
    },
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      const closed = new Promise((resolve) => server.close(resolve));
      if (calls.size > 0) {
        const ended = quiet.next;
        for (const call of calls) call.fail("scope does not serve this manager any more");
        const timer = setTimeout(() => quiet.wake(), statusMs);
        await ended;
        clearTimeout(timer);
      }
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

/** A forwarded call. */
interface Call {
  /** Ends the call with the gRPC status UNAVAILABLE for the caller. */
  fail(message: string): void;
}

/** Forwards a call until both sides have ended, with back-pressure in both directions. */
function forward(near: ServerHttp2Stream, far: ClientHttp2Stream, lost: AbortSignal): Call {
  let trailers: OutgoingHttpHeaders = {}, ended = false;
  const fail = (message: string) => {
    if (ended || near.destroyed) return;
    ended = true;
    trailers = { "grpc-status": String(Code.Unavailable), "grpc-message": message };
    if (near.headersSent) near.end();
    else near.respond({ ":status": 200, "content-type": "application/grpc", ...trailers }, { endStream: true });
  };
  pass(near, far);
  near.on("end", () => far.end());
  near.on("aborted", () => far.close(near.rstCode || cancel));
  near.on("close", () => far.closed || far.close(near.rstCode || cancel));
  near.on("wantTrailers", () => near.sendTrailers(trailers));
  far.on("response", (headers, flags) => {
    if (ended || near.destroyed) return;
    ended = (flags & endStream) !== 0;
    near.respond(plain(headers), ended ? { endStream: true } : { waitForTrailers: true });
    // Only now: data written before respond() would send default headers.
    if (!ended) pass(far, near);
  });
  far.on("trailers", (headers) => {
    if (!ended) trailers = plain(headers);
  });
  far.on("end", () => {
    if (ended || lost.aborted || far.rstCode !== 0) return;
    ended = true;
    near.end();
  });
  far.on("error", () => {}); // handled by "close"
  far.on("close", () => {
    if (lost.aborted) fail("the connection to the manager is lost");
    else if (!ended) near.close(far.rstCode || internalError);
  });
  return { fail };
}

/** Copies one stream to another, with back-pressure. */
function pass(from: ServerHttp2Stream | ClientHttp2Stream, to: ServerHttp2Stream | ClientHttp2Stream): void {
  from.on("data", (bytes: Uint8Array) => {
    if (!to.destroyed && !to.writableEnded && !to.write(bytes)) from.pause();
  });
  to.on("drain", () => from.resume());
}

/** Returns the headers without the symbol properties that Node.js adds. */
function plain(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers));
}
