import { createHash } from "node:crypto";
import { FileError } from "./file_error.ts";
import { chunkBytes } from "./chunks.ts";

/** SHA-256 of a file that arrives in chunks. Holes are hashed as zeros. */
export class FileHash {
  readonly #hash = createHash("sha256");
  /** Number of bytes hashed so far. */
  size = 0;

  /** `gone`: aborted when the client has disconnected; not set in the client itself. */
  constructor(private readonly gone?: AbortSignal) {}

  /** Hashes bytes. Throws FileError if the client is gone: a hole of terabytes costs its owner nothing, but hours here. */
  update(bytes: Uint8Array): void {
    if (this.gone?.aborted) throw new FileError("EBADF");
    this.#hash.update(bytes);
    this.size += bytes.length;
  }

  /** Hashes zeros up to this offset. Yields to the event loop meanwhile. */
  async skipTo(offset: number): Promise<void> {
    for (let rounds = 1; this.size < offset; rounds++) {
      this.update(zeros.subarray(0, Math.min(zeros.length, offset - this.size)));
      if (rounds % 16 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  /** Returns the hash of the bytes so far; `update` may be called afterwards. */
  sum(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#hash.copy().digest());
  }
}

/** A chunk of zeros; must not be modified. */
export const zeros = new Uint8Array(chunkBytes);

export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
