import { Buffer } from "node:buffer";

/** A prime, so that no piece that is missing or comes twice leaves the rest in its place. */
const length = 4_194_301;

/** The bytes that all transfers are made of, twice in a row: from any place on, `length` of them are there. */
const pattern = Buffer.alloc(2 * length);
for (let at = 0, state = 1; at < length; at++) {
  state = Math.imul(state, 1_664_525) + 1_013_904_223 | 0;
  pattern[at] = state >>> 24;
}
pattern.copyWithin(length, 0, length);

/** At most so many bytes of the pattern, from a place on. */
export function patternAt(place: number, bytes: number): Uint8Array<ArrayBuffer> {
  const start = place % length;
  return pattern.subarray(start, start + Math.min(bytes, length));
}

/** Compares what comes with the pattern from a place on. */
export class Check {
  bytes = 0;
  /** Of the first byte that is wrong. */
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
