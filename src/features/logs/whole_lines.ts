import { joined } from "../../lib/bytes.ts";

const newline = 10;
/** A longer line comes in pieces, in bytes. */
const longestBytes = 1 << 20;

/** The same bytes in pieces that end with a line, but for the last one. */
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
