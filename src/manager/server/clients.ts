import type { Http2Session, ServerHttp2Session } from "node:http2";

/** A client without any frame for this long is gone. */
const silenceMs = 4000;
const checkMs = 500;

/** One connected client. */
export class Client {
  readonly #gone = new AbortController();
  constructor(readonly session: ServerHttp2Session) {}

  /** Aborted when the connection ended or the client fell silent: what it started must end. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  leave(): void {
    this.#gone.abort();
    this.session.destroy();
  }
}

/** Who is connected. A client that is frozen or cut off never says so: only its silence does. */
export class Clients implements Disposable {
  readonly #all = new Map<ServerHttp2Session, Client>();
  readonly #heard = new Map<Client, { bytes: number; at: number }>();
  readonly #timer: ReturnType<typeof setInterval>;
  #lastCheck = performance.now();
  #emptySince = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#check(), checkMs);
  }

  join(session: ServerHttp2Session): Client {
    const client = new Client(session);
    this.#all.set(session, client);
    this.#heard.set(client, { bytes: 0, at: performance.now() });
    session.on("close", () => this.#remove(client));
    session.on("error", () => this.#remove(client));
    return client;
  }

  of(session: Http2Session | undefined): Client | undefined {
    return this.#all.get(session as ServerHttp2Session);
  }

  get count(): number {
    return this.#all.size;
  }

  /** For how long there has been no client, in milliseconds; 0 while there is one. */
  get idleMs(): number {
    return this.#all.size > 0 ? 0 : performance.now() - this.#emptySince;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const client of [...this.#all.values()]) this.#remove(client);
  }

  #remove(client: Client): void {
    if (!this.#all.delete(client.session)) return;
    this.#heard.delete(client);
    if (this.#all.size === 0) this.#emptySince = performance.now();
    client.leave();
  }

  #check(): void {
    const now = performance.now();
    // When this process itself was not scheduled, frames wait unread, and silence proves nothing.
    const stalled = now - this.#lastCheck > checkMs * 3;
    this.#lastCheck = now;
    for (const [client, heard] of [...this.#heard]) {
      const bytes = client.session.socket?.bytesRead ?? heard.bytes;
      if (bytes !== heard.bytes || stalled) this.#heard.set(client, { bytes, at: now });
      else if (now - heard.at > silenceMs) this.#remove(client);
    }
  }
}
