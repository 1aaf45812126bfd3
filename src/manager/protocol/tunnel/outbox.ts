import { create } from "@bufbuild/protobuf";
import { FrameSchema } from "../gen/manager_pb.ts";
import type { Frame } from "../gen/manager_pb.ts";
import { largestMessage, Pacer, untoldBytes } from "./pacer.ts";

/** A connection that has sent no more than this lately is served before those that send much. */
const smallBytes = 64 * 1024;

interface Waiting {
  frame: Frame;
  bytes: number;
  taken(): void;
}

/**
 * Frames on their way out, gathered into messages: first what says how connections begin and how much they may send, then
 * data of connections that have sent little, then that of the others, in turn. A connection has one frame of data here
 * at a time, as whoever pushes one waits until it was taken.
 */
export class Outbox {
  readonly #control: Frame[] = [];
  readonly #small: Waiting[] = [];
  readonly #bulk: Waiting[] = [];
  readonly #pacer = new Pacer();
  #wake: (() => void) | undefined;
  #closed = false;
  /** Bytes of data that arrived, of which the other side has not been told. */
  #arrived = 0;

  /**
   * So many bytes of data have come from the other side. It is told of little with whatever goes out next: a message for
   * each small piece was a quarter of all.
   */
  arrived(bytes: number): void {
    this.#arrived += bytes;
    if (this.#arrived >= untoldBytes) this.#wake?.();
  }

  push(frame: Frame): void {
    this.#control.push(frame);
    this.#wake?.();
  }

  /** Resolves when it goes out; `sent` is what its connection has sent lately, with this. */
  pushData(frame: Frame, bytes: number, sent: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((taken) => {
      (sent <= smallBytes ? this.#small : this.#bulk).push({ frame, bytes, taken });
      this.#wake?.();
    });
  }

  acknowledged(bytes: number): void {
    this.#pacer.acknowledged(bytes, performance.now());
    this.#wake?.();
  }

  /** What is left goes out, and then the messages end. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  async *messages(): AsyncIterable<Frame[]> {
    try {
      while (true) {
        const frames = this.#next();
        if (frames.length > 0) yield frames;
        else if (this.#closed) return;
        else await new Promise<void>((wake) => this.#wake = wake);
      }
    } finally {
      this.#closed = true;
      for (const { taken } of [...this.#small.splice(0), ...this.#bulk.splice(0)]) taken();
    }
  }

  #next(): Frame[] {
    const frames = this.#control.splice(0), now = performance.now();
    let bytes = 0;
    const takeFrom = (queue: Waiting[], most: number) => {
      while (bytes < most) {
        const next = queue.shift();
        if (next === undefined) return;
        frames.push(next.frame);
        bytes += next.bytes;
        next.taken();
      }
    };
    takeFrom(this.#small, largestMessage);
    if (this.#pacer.isOpen(now) || this.#closed) takeFrom(this.#bulk, this.#pacer.messageBytes(now));
    if (bytes > 0) this.#pacer.sent(bytes, now);
    if (this.#arrived >= untoldBytes || (this.#arrived > 0 && frames.length > 0)) {
      frames.push(create(FrameSchema, { frame: { case: "credit", value: this.#arrived } }));
      this.#arrived = 0;
    }
    return frames;
  }
}
