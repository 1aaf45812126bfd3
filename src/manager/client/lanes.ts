import type { Duplex } from "node:stream";
import { create } from "@bufbuild/protobuf";
import { Rate } from "../../lib/rate.ts";
import { Wakeup } from "../../lib/wakeup.ts";
import { type Lane, LaneSchema } from "../protocol/gen/manager_pb.ts";
import type { LaneIn, LaneOut } from "../protocol/tunnel/lane.ts";
import type { Peer } from "../protocol/tunnel/peer.ts";
import type { Tunnel, TunnelStream } from "../protocol/tunnel/tunnel.ts";
import { type Exec, openPipeExec, readPipeExec } from "./pipe_exec.ts";

/** A connection that carries so many bytes within so many milliseconds is worth a lane. */
const muchOfOne = [1024 * 1024, 1000] as const;
/**
 * All connections together must carry so many: on a slower path, others would wait behind a lane, because only TCP limits what it
 * has in flight.
 */
const muchOfAll = [2 * 1024 * 1024, 500] as const;
/** Limit of the lanes of a redirect at a time: each is an exec. */
const mostLanes = 8;
/** Time after which a connection may ask again, in milliseconds. */
const againMs = 10_000;

/** Gives connections that carry much a lane, see Lane in manager.proto. Disposing ends all lanes. */
export class Lanes implements Disposable {
  readonly #ended = new AbortController();
  readonly #all: Rates = { in: new Rate(...muchOfAll), out: new Rate(...muchOfAll) };
  #open = 0;

  constructor(private readonly tunnel: Tunnel, private readonly exec: Exec | undefined) {}

  /** Returns the stream of a connection that may get lanes. */
  watch(stream: TunnelStream): Peer {
    if (this.exec === undefined) return stream;
    return new Watched(stream, this.#all, (toPod) => this.#send(stream.connection, { toPod }));
  }

  /** Handles the manager's answer. */
  async handle(stream: TunnelStream, lane: Lane): Promise<void> {
    const { exec } = this, { toPod, path } = lane, { connection } = stream;
    if (exec === undefined || path === "" || this.#open >= mostLanes) return;
    this.#open += 1;
    try {
      const opened = await openPipeExec(exec, toPod ? "to" : "from", lane, this.#ended.signal);
      opened.once("close", () => this.#open -= 1);
      if (toPod || stream.receiveBy(receiving(opened))) this.#send(connection, { toPod, ready: true });
      if (toPod) stream.sendBy(sending(opened));
    } catch {
      this.#open -= 1; // the connection goes on without it
    }
  }

  #send(connection: number, lane: { toPod: boolean; ready?: boolean }): void {
    this.tunnel.send(connection, { case: "lane", value: create(LaneSchema, lane) });
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
  }
}

type Rates = Readonly<Record<"in" | "out", Rate>>;

/** A connection that asks for a lane when much comes or goes. */
class Watched implements Peer {
  readonly #own: Rates = { in: new Rate(...muchOfOne), out: new Rate(...muchOfOne) };
  readonly #askedAt = { in: -Infinity, out: -Infinity };

  constructor(
    private readonly stream: TunnelStream,
    private readonly all: Rates,
    private readonly ask: (toPod: boolean) => void,
  ) {}

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = await this.stream.read();
    if (bytes !== undefined) this.#count(bytes, "in");
    return bytes;
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.stream.write(bytes);
    this.#count(bytes, "out");
  }

  #count({ length }: Uint8Array, direction: "in" | "out"): void {
    // Both count each byte.
    const [ofOne, ofAll] = [this.#own, this.all].map((rates) => rates[direction].isMuch(length));
    const now = performance.now();
    if (!ofOne || !ofAll || this.stream.hasLane(direction) || now - this.#askedAt[direction] < againMs) return;
    this.#askedAt[direction] = now;
    this.ask(direction === "out");
  }

  end = (): void => this.stream.end();
  reset = (): void => this.stream.reset();
}

function receiving(exec: Duplex): LaneIn {
  const chunks = readPipeExec(exec);
  return {
    read: async () => {
      const next = await chunks.next();
      return next.done ? undefined : next.value as Uint8Array<ArrayBuffer>;
    },
    close: () => void exec.destroy(),
  };
}

function sending(exec: Duplex): LaneOut {
  const changed = new Wakeup();
  for (const event of ["drain", "close"]) exec.on(event, () => changed.wake());
  exec.resume(); // so that its end is seen
  return {
    async write(bytes) {
      if (!exec.write(bytes) && !exec.destroyed) await changed.next;
      if (exec.destroyed) throw new Error("the exec has ended");
    },
    end: () => void exec.end(),
    close: () => void exec.destroy(),
  };
}
