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
import type { ManagerConnection } from "./connection.ts";
import { windowBytes } from "../protocol/transport.ts";

/** Takes gRPC calls from others and passes them on. Disposing cuts off those that still run. */
export interface Forwarder extends AsyncDisposable {
  /** Not listening yet. */
  readonly server: Http2Server;
  /** For how long nobody has been connected, in milliseconds; 0 while somebody is. */
  readonly idleMs: number;
}

/** Reset codes of HTTP/2, see RFC 9113 section 7. */
const internalError = 2, cancel = 8;
/** How long callers may take to hear that all ends, in milliseconds. */
const wordMs = 200;
/** What belongs to this connection, whatever the other one had: grpcurl's authority is the path of the socket. */
const ours = { ":scheme": "http", ":authority": "manager" };
/** Flag of the last frame of a stream, see RFC 9113 section 6.2. */
const endStream = 1;

/**
 * An HTTP/2 server whose calls all go over one connection to a manager, which says for them that somebody is alive: whoever
 * calls may be silent. Calls that come before there is a connection wait for it.
 */
export function forwarder(connection: Promise<ManagerConnection>): Forwarder {
  const sessions = new Set<ServerHttp2Session>();
  const calls = new Set<Call>();
  let emptySince = performance.now(), quiet = Promise.withResolvers<void>();
  const server = http2.createServer({ settings: { initialWindowSize: windowBytes } });
  server.on("session", (session) => {
    sessions.add(session);
    session.setLocalWindowSize(windowBytes);
    session.on("close", () => {
      sessions.delete(session);
      emptySince = performance.now();
    });
    session.on("error", () => {}); // it is closed, too
  });
  server.on("sessionError", () => {});
  server.on("stream", (near: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    near.on("error", () => {}); // it is closed, too
    const take = ({ open, lost }: ManagerConnection) => {
      if (near.destroyed) return;
      const call = forward(near, open({ ...plain(headers), ...ours }, { endStream: false }), lost);
      calls.add(call);
      near.on("close", () => calls.delete(call) && calls.size === 0 && quiet.resolve());
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
        quiet = Promise.withResolvers();
        for (const call of calls) call.fail("scope does not serve this manager any more");
        const timer = setTimeout(quiet.resolve, wordMs);
        await quiet.promise;
        clearTimeout(timer);
      }
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

/** A call on its way. */
interface Call {
  /** Ends it for the caller as gRPC says that nobody serves any more. */
  fail(message: string): void;
}

/** Passes on a call until both of its sides have ended, at the pace of whoever is slower. */
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
    // Not before: what is written without a head makes a head of its own.
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
  far.on("error", () => {}); // it is closed, too
  far.on("close", () => {
    if (lost.aborted) fail("the connection to the manager is lost");
    else if (!ended) near.close(far.rstCode || internalError);
  });
  return { fail };
}

/** Writes what is read, and reads on when that has gone out. */
function pass(from: ServerHttp2Stream | ClientHttp2Stream, to: ServerHttp2Stream | ClientHttp2Stream): void {
  from.on("data", (bytes: Uint8Array) => {
    if (!to.destroyed && !to.writableEnded && !to.write(bytes)) from.pause();
  });
  to.on("drain", () => from.resume());
}

/** The headers alone, without what Node.js notes of them under symbols. */
function plain(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers));
}
