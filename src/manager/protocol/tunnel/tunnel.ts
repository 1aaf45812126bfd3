import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Wakeup } from "../../../lib/wakeup.ts";
import { FrameSchema } from "../gen/manager_pb.ts";
import type { Frame } from "../gen/manager_pb.ts";
import { type ReceiveWindow, SendCredit, Windows } from "./credit.ts";
import { Incoming, type LaneIn, type LaneOut, Outgoing } from "./lane.ts";
import { Outbox } from "./outbox.ts";
import type { Peer } from "./peer.ts";
import { ResetError } from "./peer.ts";

/** Bytes of a connection that may be sent before the other side has accepted it. */
export const earlyBytes = 64 * 1024;

/** Larger chunks are split, so that other connections are served in between, in bytes. */
const chunkBytes = 64 * 1024;
/** Limit of a connection's queued bytes: enough to fill a message, as each message has a fixed cost. */
const aheadBytes = 256 * 1024;
/** Idle time after which a connection counts as having sent little, in milliseconds. */
const idleMs = 200;
/** Time without a byte after which a lane is left, in milliseconds: what lies between may cut an idle connection. */
const defaultIdleLaneMs = 5000;

export type FramePart = NonNullable<MessageInitShape<typeof FrameSchema>["frame"]>;

/** Multiplexes connections over one pair of message streams. A connection that is not read does not block the others. */
export class Tunnel {
  readonly windows = new Windows();
  readonly outbox = new Outbox();
  readonly #streams = new Map<number, TunnelStream>();
  #closed = false;

  constructor(readonly idleLaneMs = defaultIdleLaneMs) {}

  /** Opens this end of the connection with this number. `credit`: bytes that may be sent at first. */
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

  /** Handles received frames. Calls `other` for those that are not about a connection's bytes. */
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
      else if (part.case === "moved") stream?.moved();
      else if (part.case === "back") stream?.back(Number(part.value));
      else if (part.case === "reset") stream?.broke();
      else if (part.case === "credit") stream?.credit.add(part.value);
      else other(frame, stream);
    }
    this.outbox.arrived(bytes);
  }

  /** Queues a frame that is sent before all queued data. */
  send(connection: number, part: FramePart): void {
    this.outbox.push(create(FrameSchema, { connection, frame: part }));
  }

  /** Breaks all connections, as the other side is gone. Connections opened later are broken from the start. */
  close(): void {
    for (const stream of [...this.#streams.values()]) stream.broke();
    this.#streams.clear();
    this.#closed = true;
    this.outbox.close();
  }
}

/** Where the bytes that follow in a stream's queue come by its lane. */
const byLane = Symbol("by lane");

/**
 * An end of a connection in a tunnel. Each of its directions can get a lane, and then bytes go that way until nothing was sent
 * for a while.
 */
export class TunnelStream implements Peer {
  readonly credit: SendCredit;
  readonly window: ReceiveWindow;
  readonly #queue: (Uint8Array<ArrayBuffer> | typeof byLane | undefined)[] = [];
  readonly #changed = new Wakeup();
  readonly #broke = Promise.withResolvers<void>();
  #broken = false;
  /** Number of queued frames, and their bytes of data. */
  #pending = 0;
  #pendingBytes = 0;
  /** Woken when a queued frame was taken. */
  readonly #taken = new Wakeup();
  /** True after the last frame: no more frames are sent. */
  #over = false;
  #sent = 0;
  #sentAt = 0;
  #incoming: Incoming | undefined;
  /** The lane for what is written next, and the one in use. */
  #offered: LaneOut | undefined;
  #outgoing: Outgoing | undefined;

  constructor(private readonly tunnel: Tunnel, readonly connection: number, credit: number) {
    this.credit = new SendCredit(credit);
    this.window = tunnel.windows.open();
  }

  arrived(bytes: Uint8Array<ArrayBuffer> | undefined): void {
    this.#queue.push(bytes);
    this.#changed.wake();
  }

  /** Breaks the stream: the other side has reset it, or is gone. */
  broke(): void {
    this.#broken = true;
    this.#broke.resolve();
    this.credit.close();
    this.#outgoing?.close();
    this.#outgoing = undefined;
    this.#closeUnused();
    this.#changed.wake();
  }

  /** Closes the lanes that nobody will use. What the other side has sent by a lane can still be read. */
  #closeUnused(): void {
    this.#offered?.close();
    if (this.#incoming?.isLeft === false) this.#incoming.close();
  }

  /** Takes a lane for what the other side sends once it says so. Returns false, and closes it, while there is one. */
  receiveBy(lane: LaneIn): boolean {
    const isFree = !this.#broken && !this.hasLane("in");
    if (isFree) this.#incoming = new Incoming(lane, () => this.#changed.wake());
    else lane.close();
    return isFree;
  }

  /** Takes a lane for what is sent from now on. */
  sendBy(lane: LaneOut): void {
    if (this.#broken || this.#over || this.hasLane("out")) lane.close();
    else this.#offered = lane;
  }

  /** Returns whether there is a lane for this direction, used or not. */
  hasLane(direction: "in" | "out"): boolean {
    return (direction === "in" ? this.#incoming : this.#offered ?? this.#outgoing) !== undefined;
  }

  /** The other side sends by the lane from here on. */
  moved(): void {
    if (this.#incoming === undefined) return this.reset();
    this.#queue.push(byLane);
    this.#changed.wake();
  }

  /** The other side has sent so many bytes by the lane, and goes on with frames. */
  back(bytes: number): void {
    this.#incoming?.left(bytes);
  }

  /** Resolves when either side has broken the stream. */
  get broken(): Promise<void> {
    return this.#broke.promise;
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    let bytes: Uint8Array<ArrayBuffer> | typeof byLane | undefined = byLane;
    while (bytes === byLane) {
      while (this.#queue.length === 0 && !this.#broken) await this.#changed.next;
      if (this.#queue.length === 0) throw new ResetError("reset");
      if (this.#queue[0] === byLane) {
        const moved = await this.#readLane();
        if (moved !== undefined) return moved;
      }
      bytes = this.#queue.shift();
    }
    if (bytes !== undefined) {
      const more = this.window.consume(bytes.length);
      if (more > 0 && !this.#broken) this.tunnel.send(this.connection, { case: "credit", value: more });
    }
    return bytes;
  }

  /** Returns the next bytes of the lane; undefined when the other side has left it, and all were read. */
  async #readLane(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const lane = this.#incoming!;
    while (!lane.isDone) {
      const bytes = lane.take();
      if (bytes !== undefined) return bytes;
      if (lane.isLost || (this.#broken && !lane.isLeft)) return this.#lost();
      await this.#changed.next;
    }
    lane.close();
    this.#incoming = undefined;
    return undefined;
  }

  async #writeLane(lane: Outgoing, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      await lane.write(bytes);
    } catch {
      // Not by #leaveLane(), which promises the other side bytes that are lost.
      this.#outgoing = undefined;
      lane.close();
      this.#lost();
    }
  }

  #lost(): never {
    this.reset();
    throw new ResetError("reset");
  }

  /** Sends by frames again. */
  #leaveLane(): void {
    const lane = this.#outgoing;
    this.#outgoing = undefined;
    if (lane === undefined) return;
    lane.end();
    void this.#post({ case: "back", value: BigInt(lane.bytes) });
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      if (this.#offered !== undefined && !this.#broken && !this.#over) {
        void this.#post({ case: "moved", value: {} });
        this.#outgoing = new Outgoing(this.#offered, this.tunnel.idleLaneMs, () => this.#leaveLane());
        this.#offered = undefined;
      }
      if (this.#outgoing !== undefined) return await this.#writeLane(this.#outgoing, rest);
      const taken = await this.credit.take(Math.min(rest.length, chunkBytes));
      if (taken === 0 || this.#broken || this.#over) throw new ResetError("reset");
      void this.#post({ case: "data", value: rest.subarray(0, taken) }, taken);
      rest = rest.subarray(taken);
      while (this.#pendingBytes > aheadBytes - chunkBytes) await this.#taken.next;
    }
  }

  end(): void {
    if (this.#broken || this.#over) return;
    this.#leaveLane();
    void this.#post({ case: "end", value: {} });
  }

  reset(): void {
    if (!this.#broken && !this.#over) {
      this.#leaveLane();
      void this.#post({ case: "reset", value: {} });
    }
    this.#over = true;
    this.broke();
    this.#incoming?.close(); // nobody reads it any more
  }

  /** Closes the stream, after a last frame if one is given. */
  close(part?: FramePart): void {
    this.#leaveLane();
    if (part !== undefined) void this.#post(part);
    this.#over = true;
    this.#closeUnused();
    this.window.close();
    this.tunnel.forget(this.connection);
  }

  /** Queues a frame behind the stream's other frames. */
  async #post(part: FramePart, bytes = 0): Promise<void> {
    const now = performance.now();
    // While a frame is queued, the count is kept: a later frame in the queue for small senders would overtake it.
    this.#sent = this.#pending === 0 && now - this.#sentAt > idleMs ? bytes : this.#sent + bytes;
    this.#sentAt = now;
    this.#pending += 1;
    this.#pendingBytes += bytes;
    const frame = create(FrameSchema, { connection: this.connection, frame: part });
    await this.tunnel.outbox.pushData(frame, bytes, this.#sent);
    this.#pending -= 1;
    this.#pendingBytes -= bytes;
    this.#taken.wake();
  }
}
