import { create } from "@bufbuild/protobuf";
import { Wakeup } from "../../../lib/wakeup.ts";
import { FrameSchema } from "../gen/manager_pb.ts";
import type { Frame } from "../gen/manager_pb.ts";
import { largestMessage, Pacer, untoldBytes } from "./pacer.ts";

/** Connections that recently sent at most this many bytes have priority. */
const smallBytes = 64 * 1024;

interface Waiting {
  frame: Frame;
  bytes: number;
  taken(): void;
}

/**
 * Queue of outgoing frames, gathered into messages. Control frames, such as opened connections and credit, come first, then
 * data of connections that have sent little, then data of the others, each in the order in which it was pushed.
 */
export class Outbox {
  readonly #control: Frame[] = [];
  readonly #small: Waiting[] = [];
  readonly #bulk: Waiting[] = [];
  readonly #pacer = new Pacer();
  readonly #changed = new Wakeup();
  #closed = false;
  /** Bytes of data that arrived and are not acknowledged yet. */
  #arrived = 0;

  /**
   * Records bytes of data that arrived. Acknowledgements of less than `untoldBytes` wait for the next outgoing message:
   * separate messages for small amounts were a quarter of all messages.
   */
  arrived(bytes: number): void {
    this.#arrived += bytes;
    if (this.#arrived >= untoldBytes) this.#changed.wake();
  }

  push(frame: Frame): void {
    this.#control.push(frame);
    this.#changed.wake();
  }

  /** Queues a data frame; resolves when it is taken. `sent`: bytes that its connection sent recently, including this frame. */
  pushData(frame: Frame, bytes: number, sent: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((taken) => {
      (sent <= smallBytes ? this.#small : this.#bulk).push({ frame, bytes, taken });
      this.#changed.wake();
    });
  }

  acknowledged(bytes: number): void {
    this.#pacer.acknowledged(bytes, performance.now());
    this.#changed.wake();
  }

  /** Ends the messages after all queued frames were sent. */
  close(): void {
    this.#closed = true;
    this.#changed.wake();
  }

  async *messages(): AsyncIterable<Frame[]> {
    try {
      while (true) {
        const frames = this.#next();
        if (frames.length > 0) yield frames;
        else if (this.#closed) return;
        else await this.#changed.next;
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
