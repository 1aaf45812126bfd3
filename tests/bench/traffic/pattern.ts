import { Buffer } from "node:buffer";

/** Length of the pattern, a prime, so that a missing or repeated chunk shifts the rest. */
const length = 4_194_301;

/** The bytes of all transfers, twice in a row, so that `length` bytes follow every offset. */
const pattern = Buffer.alloc(2 * length);
for (let at = 0, state = 1; at < length; at++) {
  state = Math.imul(state, 1_664_525) + 1_013_904_223 | 0;
  pattern[at] = state >>> 24;
}
pattern.copyWithin(length, 0, length);

/** Returns at most `bytes` bytes of the pattern, from an offset on. */
export function patternAt(place: number, bytes: number): Uint8Array<ArrayBuffer> {
  const start = place % length;
  return pattern.subarray(start, start + Math.min(bytes, length));
}

/** Compares received bytes with the pattern from an offset on. */
export class Check {
  bytes = 0;
  /** Offset of the first wrong chunk. */
  wrongAt: number | undefined;

  constructor(private readonly place: number) {}

  add(bytes: Uint8Array<ArrayBuffer>): void {
    for (let rest = bytes; rest.length > 0;) {
      const wanted = patternAt(this.place + this.bytes, rest.length);
      if (Buffer.compare(wanted, rest.subarray(0, wanted.length)) !== 0) this.wrongAt ??= this.bytes;
      this.bytes += wanted.length;
      rest = rest.subarray(wanted.length);
    }
  }
}
