import type { Peer } from "../../protocol/tunnel/peer.ts";
import type { TunnelStream } from "../../protocol/tunnel/tunnel.ts";

/** What may wait for a slow reader, in bytes; after that the copy ends, as the connection itself must not wait. */
const waitingBytes = 1024 * 1024;

/** A connection as another one that also copies what comes from it to a stream that nobody waits for. */
export class Tee implements Peer {
  /** Why the copy is not whole. */
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

  /** Somebody takes the copy. */
  accept(): void {
    this.#answered.resolve();
  }

  fail(why: string): void {
    this.#answered.resolve();
    if (this.missing !== undefined) return;
    this.missing = why;
    this.stream.reset();
  }

  /** Waits until all was sent, or until it is clear that it cannot be. */
  async finish(limitMs: number): Promise<void> {
    const timer = setTimeout(() => this.fail("the copy was read too slowly, and was cut"), limitMs);
    await Promise.all([this.#last.catch(() => {}), this.#answered.promise]);
    clearTimeout(timer);
  }
}
