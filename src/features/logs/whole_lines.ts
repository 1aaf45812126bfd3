import { joined } from "../../lib/bytes.ts";

const newline = 10;
/** Longer lines are split, in bytes. */
const longestBytes = 1 << 20;

/** Regroups bytes into chunks that end with a newline, except the last chunk and parts of overlong lines. */
export async function* wholeLines(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let rest = new Uint8Array();
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(newline) + 1;
    if (end > 0) yield joined([rest, chunk.subarray(0, end)]);
    rest = joined([end > 0 ? new Uint8Array() : rest, chunk.subarray(end)]);
    if (rest.length < longestBytes) continue;
    yield rest;
    rest = new Uint8Array();
  }
  if (rest.length > 0) yield rest;
}
