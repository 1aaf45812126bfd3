import { Wakeup } from "../../../lib/wakeup.ts";
import type { LaneIn, LaneOut } from "../../protocol/tunnel/lane.ts";
import { errno } from "../errno.ts";
import { libc, O_CLOEXEC, O_NONBLOCK } from "../libc.ts";
import { poller } from "./poller.ts";
import { EAGAIN, EINTR, EPIPE, SocketError } from "./socket_calls.ts";

/** Buffer of one read, as large as a pipe. All pipes share it: data is copied out of it. */
const buffer = new Uint8Array(64 * 1024);

/** One end of a pipe whose other end another process opens by its path. */
export class Pipe implements LaneIn, LaneOut, Disposable {
  readonly #fd: number;
  /** The other end, until another process has opened it. */
  #other: number | undefined;
  #ready = true;
  #closed = false;
  readonly #changed = new Wakeup();

  /** Throws SocketError, for example when there are too many open files. */
  constructor(end: "reading" | "writing") {
    const fds = new Int32Array(2);
    if (libc.pipe2(new Uint8Array(fds.buffer), O_CLOEXEC | O_NONBLOCK) !== 0) throw new SocketError("pipe2", errno());
    const [reading, writing] = fds as unknown as [number, number];
    [this.#fd, this.#other] = end === "reading" ? [reading, writing] : [writing, reading];
    poller.add(this.#fd, () => {
      this.#ready = true;
      this.#changed.wake();
    });
  }

  /** Path of the other end. */
  get path(): string {
    return `/proc/${Deno.pid}/fd/${this.#other}`;
  }

  /** The other process has opened its end: the pipe ends with that process. */
  opened(): void {
    if (this.#other !== undefined) libc.close(this.#other);
    this.#other = undefined;
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    let bytes: Uint8Array<ArrayBuffer> | undefined;
    await this.#call(() => {
      const count = Number(libc.read(this.#fd, buffer, BigInt(buffer.length)));
      // Now: another pipe may be read before the caller goes on.
      if (count > 0) bytes = buffer.slice(0, count);
      return count;
    });
    return bytes;
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(await this.#call(() => libc.write_now(this.#fd, rest, BigInt(rest.length))));
    }
  }

  /** Repeats a call until it does not have to wait. */
  async #call(call: () => bigint | number): Promise<number> {
    while (true) {
      if (this.#closed) throw new SocketError("pipe", EPIPE);
      if (!this.#ready) {
        await this.#changed.next;
        continue;
      }
      const count = Number(call());
      if (count >= 0) return count;
      const number = errno();
      if (number === EAGAIN) this.#ready = false;
      else if (number !== EINTR) throw new SocketError("pipe", number);
    }
  }

  end(): void {
    this.close(); // what was written can still be read
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.opened();
    poller.remove(this.#fd);
    libc.close(this.#fd);
    this.#changed.wake();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
