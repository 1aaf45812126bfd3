import { delay } from "../../lib/delay.ts";
import type { ManagerConnection } from "./connection.ts";

export interface FilesTarget {
  podUid: string;
  containerId: string;
}

/** The manager, the target, and the translation of connection errors, shared by the files client and writer. */
export interface FilesClient {
  connection: ManagerConnection;
  target: FilesTarget;
  translate(error: unknown): Promise<unknown>;
}

/** Yields responses; turns errors of the connection into errors for users. */
export async function* translated<T>({ translate }: FilesClient, responses: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* responses;
  } catch (error) {
    throw await translate(error);
  }
}

/** Waits at most 500 ms for the end of a call that has nothing more to do. */
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

/** Decodes UTF-8; bytes that are not UTF-8 become U+FFFD. */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
