import { delay } from "../../lib/delay.ts";
import type { ManagerConnection } from "./connection.ts";

export interface FilesTarget {
  podUid: string;
  containerId: string;
}

/** What the parts of this client share: the manager, whose files, and how errors of the connection are told. */
export interface FilesClient {
  connection: ManagerConnection;
  target: FilesTarget;
  translate(error: unknown): Promise<unknown>;
}

/** Reads responses with the connection's errors as those for users. */
export async function* translated<T>({ translate }: FilesClient, responses: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* responses;
  } catch (error) {
    throw await translate(error);
  }
}

/** Waits for the end of a call that has nothing more to do, at most a moment: then it is cut off. */
export async function settled(end: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const limit = new AbortController(), met = end.catch(() => {});
  if (signal.aborted) return;
  await Promise.race([met, delay(500, limit.signal)]);
  limit.abort();
}

export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** As far as it is text. */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
