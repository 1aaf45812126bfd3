import type { CycleLink } from "./cycle_link.ts";
import type { Peer } from "../protocol/tunnel/peer.ts";

/** A stream whose first bytes can be peeked at before they are read. */
export class Peeked implements Peer {
  #first: Promise<Uint8Array<ArrayBuffer> | undefined> | undefined;

  constructor(private readonly stream: Peer) {}

  /** Returns the first bytes, which `read` returns again; undefined if the stream ends without any. Never rejects. */
  peek(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#first ??= this.stream.read();
    return this.#first.catch(() => undefined);
  }

  read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const first = this.#first;
    this.#first = undefined;
    return first ?? this.stream.read();
  }

  write = (bytes: Uint8Array<ArrayBuffer>): Promise<void> => this.stream.write(bytes);
  end = (): void => this.stream.end();
  reset = (): void => this.stream.reset();
}

/** A connection to a local application. Sends its first bytes in the steps of a link, and reports answers to the link. */
export class Linked implements Peer {
  constructor(private readonly peer: Peer, private readonly link: CycleLink) {}

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = await this.peer.read();
    this.link.end();
    return bytes;
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const now = this.link.allowed(bytes.length);
    if (now === bytes.length) return await this.peer.write(bytes);
    await this.peer.write(bytes.subarray(0, now));
    await this.link.rest;
    await this.peer.write(bytes.subarray(now));
  }

  end = (): void => this.peer.end();
  reset = (): void => this.peer.reset();
}
