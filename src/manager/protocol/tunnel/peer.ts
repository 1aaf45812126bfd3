import { yieldToEventLoop } from "../yield_to_event_loop.ts";

/** An end of a bidirectional byte stream. */
export interface Peer {
  /** Returns the next bytes; undefined at the end. Rejects with ResetError. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Writes bytes; resolves when more can be written. Rejects with ResetError. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Half-closes the stream: no more bytes will be written. */
  end(): void;
  /** Resets both directions. No effect on a closed stream. */
  reset(): void;
}

/** The stream was reset. */
export class ResetError extends Error {
  override name = "ResetError";
}

export type Ending = "closed" | "reset";

/** Bytes carried in each direction. */
export interface Traffic {
  sent: number;
  received: number;
}

/**
 * Carries bytes between two peers until both have ended; one may end before the other. If one is reset, the other is reset
 * after the bytes in flight to it were written. `traffic.sent` counts bytes from `a` to `b`. Never rejects.
 */
export async function splice(a: Peer, b: Peer, traffic: Traffic): Promise<Ending> {
  const broken = new Set<Peer>();
  const there: Promise<boolean> = carry(a, b, { broken, opposite: () => back }, (count) => traffic.sent += count);
  const back: Promise<boolean> = carry(b, a, { broken, opposite: () => there }, (count) => traffic.received += count);
  const whole = await Promise.all([there, back]);
  return whole.every(Boolean) ? "closed" : "reset";
}

/** State shared by the two directions. */
interface Both {
  /** Peers that accept no more bytes. */
  broken: Set<Peer>;
  /** Returns the promise of the opposite direction. */
  opposite(): Promise<boolean>;
}

/** Carries one direction. Returns true if it ended without a reset. */
async function carry(
  from: Peer,
  to: Peer,
  { broken, opposite }: Both,
  count: (bytes: number) => void,
): Promise<boolean> {
  while (true) {
    let bytes: Uint8Array<ArrayBuffer> | undefined;
    try {
      bytes = await from.read();
    } catch {
      to.reset();
      return false;
    }
    if (bytes === undefined) {
      to.end();
      return true;
    }
    try {
      await to.write(bytes);
    } catch {
      broken.add(to);
      // Bytes that `to` sent before its reset are still delivered. Drain `from`, which may read only while its writes are read.
      void discard(from);
      // If neither peer accepts bytes, nothing can be delivered, and the two directions would wait for each other.
      if (!broken.has(from)) await opposite();
      from.reset();
      to.reset();
      return false;
    }
    count(bytes.length);
  }
}

/** Reads and discards bytes until the end or a reset. */
async function discard(from: Peer): Promise<void> {
  const eventLoop = yieldToEventLoop();
  try {
    // A socket that always has more bytes would block the event loop.
    while (await from.read() !== undefined) if (eventLoop.due) await eventLoop.take();
  } catch {
    // The peer was reset.
  }
}
