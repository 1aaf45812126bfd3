import type { Http2Session, ServerHttp2Session } from "node:http2";

/** A client counts as gone after this long without a byte, one that waits for its first call later, in milliseconds. */
const silenceMs = 4000, waitingSilenceMs = 100_000;
const checkMs = 500;

/** One connected client. */
export class Client {
  readonly #gone = new AbortController();
  #waiting = false;

  constructor(readonly session: ServerHttp2Session, readonly socket: ServerHttp2Session["socket"]) {
    session.on("stream", () => this.#waiting = false);
  }

  /** True for a client that is connected for a later command: it does not count. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** Lets the client wait until its next call. */
  wait(): void {
    this.#waiting = true;
  }

  /** Aborted when the connection has ended or the client is silent: everything that the client started must then end. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  leave(): void {
    this.#gone.abort();
    // Destroy the socket first, so that no GOAWAY is sent: one that arrives while a call ends makes Deno's HTTP/2 use memory
    // that it has freed, and the command line dies (https://github.com/denoland/deno/issues/36788).
    this.socket.destroy();
    this.session.destroy();
  }
}

/** The connected clients. A client that is frozen or cut off is recognised only by its silence. */
export class Clients implements Disposable {
  readonly #all = new Map<ServerHttp2Session, Client>();
  readonly #lastReceived = new Map<Client, { bytes: number; at: number }>();
  readonly #timer: ReturnType<typeof setInterval>;
  #lastCheck = performance.now();
  #emptySince = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#check(), checkMs);
  }

  join(session: ServerHttp2Session, socket: ServerHttp2Session["socket"]): Client {
    const client = new Client(session, socket);
    this.#all.set(session, client);
    this.#lastReceived.set(client, { bytes: 0, at: performance.now() });
    session.on("close", () => this.#remove(client));
    session.on("error", () => this.#remove(client));
    return client;
  }

  of(session: Http2Session | undefined): Client | undefined {
    return this.#all.get(session as ServerHttp2Session);
  }

  /** Number of clients, without those that wait. */
  get count(): number {
    return [...this.#all.values()].filter(({ waiting }) => !waiting).length;
  }

  /** Time without a client, in milliseconds; 0 while a client is connected that does not wait. */
  get idleMs(): number {
    return this.count > 0 ? 0 : performance.now() - this.#emptySince;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const client of [...this.#all.values()]) this.#remove(client);
  }

  #remove(client: Client): void {
    if (!this.#all.delete(client.session)) return;
    this.#lastReceived.delete(client);
    if (!client.waiting && this.count === 0) this.#emptySince = performance.now();
    client.leave();
  }

  #check(): void {
    const now = performance.now();
    // If this process itself was not scheduled, frames are still unread and silence proves nothing.
    const stalled = now - this.#lastCheck > checkMs * 3;
    this.#lastCheck = now;
    for (const [client, last] of [...this.#lastReceived]) {
      const bytes = client.socket.bytesRead;
      if (bytes !== last.bytes || stalled) this.#lastReceived.set(client, { bytes, at: now });
      else if (now - last.at > (client.waiting ? waitingSilenceMs : silenceMs)) this.#remove(client);
    }
  }
}
