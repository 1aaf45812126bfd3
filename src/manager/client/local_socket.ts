import { connect } from "node:net";
import type { Socket } from "node:net";
import { Wakeup } from "../../lib/wakeup.ts";
import type { Peer } from "../protocol/tunnel/peer.ts";
import { ResetError } from "../protocol/tunnel/peer.ts";

/** Queued bytes from which on the socket is paused, and below which it is resumed. */
const highBytes = 1024 * 1024, lowBytes = 256 * 1024;

/** A TCP connection of this machine that supports half-close and resets. */
export class LocalSocket implements Peer {
  readonly #queue: Uint8Array<ArrayBuffer>[] = [];
  #queued = 0;
  #ended = false;
  #broken = false;
  readonly #changed = new Wakeup();
  readonly #drained = new Wakeup();

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on("data", (bytes: Uint8Array<ArrayBuffer>) => {
      this.#queue.push(bytes);
      this.#queued += bytes.length;
      if (this.#queued >= highBytes) socket.pause();
      this.#changed.wake();
    });
    socket.on("end", () => {
      this.#ended = true;
      this.#changed.wake();
    });
    socket.on("drain", () => this.#drained.wake());
    socket.on("close", () => this.#break());
    socket.on("error", () => this.#break());
  }

  /**
   * Connects within `limitMs` per address. Tries both addresses of localhost, as many programs listen on one only. Rejects
   * with an error whose message is for users.
   */
  static async connect(host: string, port: number, limitMs: number): Promise<LocalSocket> {
    const hosts = host === "localhost" ? ["127.0.0.1", "::1"] : [host];
    let reason = "";
    for (const address of hosts) {
      const socket = await open(address, port, limitMs);
      if (typeof socket !== "string") return new LocalSocket(socket);
      reason = socket;
      if (reason !== "ECONNREFUSED" && reason !== "EADDRNOTAVAIL" && reason !== "ENETUNREACH") break;
    }
    const where = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    if (reason === "ECONNREFUSED") throw new Error(`nothing listens on ${where}`);
    if (reason === "ETIMEDOUT") throw new Error(`${where} did not take the connection within ${limitMs} ms`);
    throw new Error(`cannot connect to ${where} (${reason})`);
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    while (this.#queue.length === 0 && !this.#ended && !this.#broken) await this.#changed.next;
    const bytes = this.#queue.shift();
    if (bytes === undefined) {
      if (this.#ended) return undefined;
      throw new ResetError("reset");
    }
    this.#queued -= bytes.length;
    if (this.#queued < lowBytes) this.socket.resume();
    return bytes;
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#broken) throw new ResetError("reset");
    if (this.socket.write(bytes)) return;
    await this.#drained.next;
    if (this.#broken) throw new ResetError("reset");
  }

  end(): void {
    if (!this.#broken) this.socket.end();
  }

  reset(): void {
    if (!this.#broken) this.socket.resetAndDestroy();
    this.#break();
  }

  #break(): void {
    this.#broken = true;
    this.#changed.wake();
    this.#drained.wake();
  }
}

/** Opens a socket; resolves to the error code on failure. */
function open(host: string, port: number, limitMs: number): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true, autoSelectFamily: false });
    const timer = setTimeout(() => fail("ETIMEDOUT"), limitMs);
    const fail = (code: string) => {
      clearTimeout(timer);
      socket.on("error", () => {});
      socket.destroy();
      resolve(code);
    };
    const onError = (error: Error & { code?: string }) => fail(error.code ?? error.message);
    socket.once("error", onError);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", onError);
      resolve(socket);
    });
  });
}

/** A peer that receives bytes and whose answers are read and discarded. */
export class WriteOnly implements Peer {
  constructor(private readonly peer: Peer) {}

  async read(): Promise<undefined> {
    while (await this.peer.read() !== undefined);
  }

  write = (bytes: Uint8Array<ArrayBuffer>): Promise<void> => this.peer.write(bytes);
  end = (): void => this.peer.end();
  reset = (): void => this.peer.reset();
}
