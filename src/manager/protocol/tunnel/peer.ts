import { yieldToEventLoop } from "../yield_to_event_loop.ts";

/** One end of a byte stream in both directions, whatever carries it. */
export interface Peer {
  /** The next bytes; undefined at the end. Rejects with ResetError. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Resolves when it takes more. Rejects with ResetError. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Nothing more will be written. */
  end(): void;
  /** Breaks off, in both directions. No effect on one that is closed. */
  reset(): void;
}

/** The other side broke the stream off. */
export class ResetError extends Error {
  override name = "ResetError";
}

export type Ending = "closed" | "reset";

/** Bytes that went each way. */
export interface Traffic {
  sent: number;
  received: number;
}

/**
 * Carries bytes between two peers until both have ended, half-closed ones included; when one is reset, the other one is,
 * after what was on its way to it. `traffic` counts what goes from `a` to `b` as sent. Never rejects.
 */
export async function splice(a: Peer, b: Peer, traffic: Traffic): Promise<Ending> {
  const broken = new Set<Peer>();
  const there: Promise<boolean> = carry(a, b, { broken, opposite: () => back }, (count) => traffic.sent += count);
  const back: Promise<boolean> = carry(b, a, { broken, opposite: () => there }, (count) => traffic.received += count);
  const whole = await Promise.all([there, back]);
  return whole.every(Boolean) ? "closed" : "reset";
}

/** What the two directions know of each other. */
interface Both {
  /** Those that take no more. */
  broken: Set<Peer>;
  /** The end of the other direction. */
  opposite(): Promise<boolean>;
}

/** Returns whether it came to an ordinary end. */
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
      // What it sent before it broke off is still delivered, to one that may read only when what it writes is taken.
      void discard(from);
      // When neither takes anything, nothing is left to deliver, and each would wait for the other.
      if (!broken.has(from)) await opposite();
      from.reset();
      to.reset();
      return false;
    }
    count(bytes.length);
  }
}

/** Reads to the end, or until a reset. */
async function discard(from: Peer): Promise<void> {
  const breath = yieldToEventLoop();
  try {
    // A socket that always has more would let nothing else on the event loop come to its turn.
    while (await from.read() !== undefined) if (breath.due) await breath.take();
  } catch {
    // It was reset.
  }
}
