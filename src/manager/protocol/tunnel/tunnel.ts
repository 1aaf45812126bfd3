import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { FrameSchema } from "../gen/manager_pb.ts";
import type { Frame } from "../gen/manager_pb.ts";
import { type ReceiveWindow, SendCredit, Windows } from "./credit.ts";
import { Outbox } from "./outbox.ts";
import type { Peer } from "./peer.ts";
import { ResetError } from "./peer.ts";

/** What may be sent of a connection before the other side has answered. */
export const earlyBytes = 64 * 1024;

/** Larger pieces are cut, so that others come in between. */
const pieceBytes = 64 * 1024;
/** So much of one connection may wait to go out: as much as a message has, as each message costs more than its bytes. */
const aheadBytes = 256 * 1024;
/** A connection that was silent for this long counts as one that has sent little. */
const idleMs = 200;

export type FramePart = NonNullable<MessageInitShape<typeof FrameSchema>["frame"]>;

/** Many connections over one pair of message streams, none of which waits for another one that is not read. */
export class Tunnel {
  readonly windows = new Windows();
  readonly outbox = new Outbox();
  readonly #streams = new Map<number, TunnelStream>();
  #closed = false;

  /** A connection that both sides know by this number. */
  open(connection: number, credit: number): TunnelStream {
    const stream = new TunnelStream(this, connection, credit);
    if (this.#closed) stream.broke();
    else this.#streams.set(connection, stream);
    return stream;
  }

  get size(): number {
    return this.#streams.size;
  }

  forget(connection: number): void {
    this.#streams.delete(connection);
  }

  /** Handles what arrived. Frames that are none of a known connection's data go to `other`. */
  receive(frames: readonly Frame[], other: (frame: Frame, stream: TunnelStream | undefined) => void): void {
    let bytes = 0;
    for (const frame of frames) {
      const { connection, frame: part } = frame;
      if (connection === 0) {
        if (part.case === "credit") this.outbox.acknowledged(part.value);
        continue;
      }
      const stream = this.#streams.get(connection);
      if (part.case === "data") {
        bytes += part.value.length;
        stream?.arrived(part.value as Uint8Array<ArrayBuffer>);
      } else if (part.case === "end") stream?.arrived(undefined);
      else if (part.case === "reset") stream?.broke();
      else if (part.case === "credit") stream?.credit.add(part.value);
      else other(frame, stream);
    }
    this.outbox.arrived(bytes);
  }

  /** Sends a frame ahead of all data. */
  send(connection: number, part: FramePart): void {
    this.outbox.push(create(FrameSchema, { connection, frame: part }));
  }

  /** The other side is gone: all connections break, and those that are opened later are broken from the start. */
  close(): void {
    for (const stream of [...this.#streams.values()]) stream.broke();
    this.#streams.clear();
    this.#closed = true;
    this.outbox.close();
  }
}

/** One connection's end in a tunnel. */
export class TunnelStream implements Peer {
  readonly credit: SendCredit;
  readonly window: ReceiveWindow;
  readonly #queue: (Uint8Array<ArrayBuffer> | undefined)[] = [];
  #wake: (() => void) | undefined;
  readonly #broke = Promise.withResolvers<void>();
  #broken = false;
  /** Frames that have not gone out, and their bytes of data. */
  #pending = 0;
  #pendingBytes = 0;
  /** Told when there are fewer of them. */
  #taken: (() => void) | undefined;
  /** The last frames were sent: nothing goes out any more. */
  #over = false;
  #sent = 0;
  #sentAt = 0;

  constructor(private readonly tunnel: Tunnel, readonly connection: number, credit: number) {
    this.credit = new SendCredit(credit);
    this.window = tunnel.windows.open();
  }

  arrived(bytes: Uint8Array<ArrayBuffer> | undefined): void {
    this.#queue.push(bytes);
    this.#wake?.();
  }

  /** The other side broke it off, or is gone. */
  broke(): void {
    this.#broken = true;
    this.#broke.resolve();
    this.credit.close();
    this.#wake?.();
  }

  /** Resolves when it was broken off, by either side. */
  get broken(): Promise<void> {
    return this.#broke.promise;
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    while (this.#queue.length === 0 && !this.#broken) await new Promise<void>((wake) => this.#wake = wake);
    if (this.#queue.length === 0) throw new ResetError("reset");
    const bytes = this.#queue.shift();
    if (bytes !== undefined) {
      const more = this.window.consume(bytes.length);
      if (more > 0 && !this.#broken) this.tunnel.send(this.connection, { case: "credit", value: more });
    }
    return bytes;
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      const taken = await this.credit.take(Math.min(rest.length, pieceBytes));
      if (taken === 0 || this.#broken || this.#over) throw new ResetError("reset");
      void this.#post({ case: "data", value: rest.subarray(0, taken) }, taken);
      rest = rest.subarray(taken);
      while (this.#pendingBytes > aheadBytes - pieceBytes) await new Promise<void>((wake) => this.#taken = wake);
    }
  }

  end(): void {
    if (!this.#broken && !this.#over) void this.#post({ case: "end", value: {} });
  }

  reset(): void {
    if (!this.#broken && !this.#over) void this.#post({ case: "reset", value: {} });
    this.#over = true;
    this.broke();
  }

  /** Sends the frame that says what became of it; nothing follows. */
  close(part?: FramePart): void {
    if (part !== undefined) void this.#post(part);
    this.#over = true;
    this.window.close();
    this.tunnel.forget(this.connection);
  }

  /** Sends a frame behind those that were sent before. */
  async #post(part: FramePart, bytes = 0): Promise<void> {
    const now = performance.now();
    // As long as one waits, none that follows may come before it.
    this.#sent = this.#pending === 0 && now - this.#sentAt > idleMs ? bytes : this.#sent + bytes;
    this.#sentAt = now;
    this.#pending += 1;
    this.#pendingBytes += bytes;
    const frame = create(FrameSchema, { connection: this.connection, frame: part });
    await this.tunnel.outbox.pushData(frame, bytes, this.#sent);
    this.#pending -= 1;
    this.#pendingBytes -= bytes;
    this.#taken?.();
  }
}
