/** Concatenates the chunks. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** Returns the size in whole MiB, rounded down. */
export function mebibytes(bytes: number): number {
  return Math.floor(bytes / 1024 / 1024);
}
