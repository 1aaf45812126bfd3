import { onAbort } from "../../../lib/on_abort.ts";
import { Wakeup } from "../../../lib/wakeup.ts";
import type { Peer } from "../../protocol/tunnel/peer.ts";
import { ResetError } from "../../protocol/tunnel/peer.ts";
import { earlyBytes } from "../../protocol/tunnel/tunnel.ts";
import type { SocketAddress } from "./address.ts";
import { poller } from "./poller.ts";
import * as calls from "./socket_calls.ts";

/** Buffer of one read. All sockets share it: data is copied out of it. */
const buffer = new Uint8Array(256 * 1024);

/**
 * A TCP connection with features that Deno's own lacks: it closes each direction separately, passes resets on, and can be
 * created in another network namespace. It is closed when both directions have ended, or by `reset`.
 */
export class TcpSocket implements Peer {
  #readable = true;
  #writable: boolean;
  #readEnded = false;
  #writeEnded = false;
  #closed = false;
  readonly #changed = new Wakeup();
  /** Data read by `peek`. */
  #early: Uint8Array<ArrayBuffer>[] = [];

  /** `connecting`: the socket is not connected yet, and becomes writable when it is. */
  constructor(readonly fd: number, connecting = false) {
    this.#writable = !connecting;
    poller.add(fd, (events) => this.#change(events));
  }

  /** Connects the socket that `make` returns. Rejects with SocketError or the signal's reason. */
  static async connect(make: () => number, signal: AbortSignal): Promise<TcpSocket> {
    const socket = new TcpSocket(make(), true);
    using _abort = onAbort(signal, () => socket.reset());
    try {
      while (!socket.#writable && !socket.#closed) await socket.#changed.next;
      signal.throwIfAborted();
      const error = calls.connectError(socket.fd);
      if (error !== undefined) throw error;
      calls.tune(socket.fd);
      return socket;
    } catch (error) {
      socket.reset();
      throw error;
    }
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const early = this.#early.shift();
    if (early !== undefined) return early;
    if (this.#readEnded) return undefined;
    while (!this.#closed) {
      if (!this.#readable) await this.#changed.next;
      else {
        const count = calls.receive(this.fd, buffer);
        if (count > 0) return buffer.slice(0, count);
        if (count === 0) {
          this.#readEnded = true;
          this.#closeIfDone();
          return undefined;
        }
        if (count === -calls.EAGAIN) this.#readable = false;
        else if (count !== -calls.EINTR) break;
      }
    }
    this.reset();
    throw new ResetError("reset");
  }

  /**
   * Returns the first bytes, at most `earlyBytes`, which `read` returns again: empty when the connection ended without any,
   * undefined when none came before the signal.
   */
  async peek(signal: AbortSignal): Promise<Uint8Array<ArrayBuffer> | undefined> {
    using _abort = onAbort(signal, () => this.#changed.wake());
    while (!this.#closed && !signal.aborted) {
      if (this.#early.length > 0) return this.#early[0];
      const count = this.#readable ? calls.receive(this.fd, buffer.subarray(0, earlyBytes)) : -calls.EAGAIN;
      if (count > 0) {
        this.#early.push(buffer.slice(0, count));
      } else if (count === 0) {
        this.#readEnded = true;
        return new Uint8Array();
      } else if (count === -calls.EAGAIN) {
        this.#readable = false;
        await this.#changed.next;
      } else if (count !== -calls.EINTR) this.reset();
    }
    return this.#closed ? new Uint8Array() : undefined;
  }

  /** Discards the peeked bytes; returns their number. */
  skipPeeked(): number {
    return this.#early.splice(0).reduce((sum, { length }) => sum + length, 0);
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      if (this.#closed || this.#writeEnded) throw new ResetError("reset");
      if (!this.#writable) await this.#changed.next;
      else {
        const count = calls.transmit(this.fd, rest);
        if (count >= 0) rest = rest.subarray(count);
        else if (count === -calls.EAGAIN) this.#writable = false;
        else if (count !== -calls.EINTR) throw new ResetError("reset");
      }
    }
  }

  end(): void {
    if (this.#closed || this.#writeEnded) return;
    this.#writeEnded = true;
    calls.shutdownWriting(this.fd);
    this.#closeIfDone();
  }

  reset(): void {
    if (this.#closed) return;
    this.#close(calls.closeWithReset);
  }

  #closeIfDone(): void {
    if (this.#readEnded && this.#writeEnded && !this.#closed) this.#close(calls.close);
  }

  #close(how: (fd: number) => void): void {
    this.#closed = true;
    poller.remove(this.fd);
    how(this.fd);
    this.#changed.wake();
  }

  #change(events: number): void {
    const over = events & (calls.EPOLLERR | calls.EPOLLHUP);
    if (events & (calls.EPOLLIN | calls.EPOLLRDHUP) || over) this.#readable = true;
    if (events & calls.EPOLLOUT || over) this.#writable = true;
    this.#changed.wake();
  }
}

/** Delay before connections are accepted again after a failure, in milliseconds. */
const retryMs = 100;

/** Accepts connections until disposed, and passes on each at once. */
export class Listener implements Disposable {
  readonly port: number;
  readonly #fd: number;
  #closed = false;

  constructor({ fd, port }: { fd: number; port: number }, accepted: (socket: TcpSocket, accepted: Accepted) => void) {
    this.#fd = fd;
    this.port = port;
    this.#accepted = accepted;
    poller.add(fd, () => this.take());
  }
  readonly #accepted: (socket: TcpSocket, accepted: Accepted) => void;

  /** Accepts all waiting connections. */
  take(): void {
    if (this.#closed) return;
    try {
      for (let next = calls.accept(this.#fd); next !== undefined; next = calls.accept(this.#fd)) {
        const { fd, from } = next, to = calls.originalDestination(fd, from);
        // The guard chain refuses direct connections; this covers the moment before it exists.
        if (to === undefined || to.port === this.port) calls.closeWithReset(fd);
        else {
          calls.tune(fd);
          this.#accepted(new TcpSocket(fd), { from, to });
        }
      }
    } catch (error) {
      // Most likely out of descriptors: epoll does not report the waiting connections again.
      console.error(`cannot accept a connection: ${(error as Error).message}`);
      setTimeout(() => this.take(), retryMs);
    }
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    poller.remove(this.#fd);
    calls.close(this.#fd);
  }
}

export interface Accepted {
  from: SocketAddress;
  /** The original destination. */
  to: SocketAddress;
}
