import type { Peer } from "../../protocol/tunnel/peer.ts";
import type { TunnelStream } from "../../protocol/tunnel/tunnel.ts";

/** Limit of the bytes queued for a slow reader; beyond it the copy ends, because the connection itself must not wait. */
const waitingBytes = 1024 * 1024;

/** Tees what is read from a peer into a stream, without back-pressure: a slow reader loses the copy. */
export class Tee implements Peer {
  /** Reason why the copy is incomplete. */
  missing: string | undefined;
  readonly #answered = Promise.withResolvers<void>();
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly peer: Peer, private readonly stream: TunnelStream) {
    void stream.broken.then(() => this.fail("the copy was not read to its end"));
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = await this.peer.read();
    if (this.missing !== undefined) return bytes;
    if (bytes === undefined) this.#last = this.#last.then(() => this.stream.end());
    else if (this.#waiting + bytes.length > waitingBytes) this.fail("the copy was read too slowly, and was cut");
    else {
      this.#waiting += bytes.length;
      this.#last = this.#last.then(() => this.stream.write(bytes)).then(() => this.#waiting -= bytes.length);
      this.#last.catch(() => {});
    }
    return bytes;
  }

  write = (bytes: Uint8Array<ArrayBuffer>): Promise<void> => this.peer.write(bytes);
  end = (): void => this.peer.end();
  reset = (): void => this.peer.reset();

  /** Called when the client accepts the copy. */
  accept(): void {
    this.#answered.resolve();
  }

  fail(why: string): void {
    this.#answered.resolve();
    if (this.missing !== undefined) return;
    this.missing = why;
    this.stream.reset();
  }

  /** Waits until the whole copy was sent, has failed, or `limitMs` milliseconds have passed. */
  async finish(limitMs: number): Promise<void> {
    const timer = setTimeout(() => this.fail("the copy was read too slowly, and was cut"), limitMs);
    await Promise.all([this.#last.catch(() => {}), this.#answered.promise]);
    clearTimeout(timer);
  }
}
