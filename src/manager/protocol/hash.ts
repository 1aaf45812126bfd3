import { createHash } from "node:crypto";
import { FileError } from "./file_error.ts";
import { pieceBytes } from "./chunks.ts";

/** The SHA-256 of a file that arrives in pieces, whose holes count as the zeros that they read as. */
export class FileHash {
  readonly #hash = createHash("sha256");
  /** So much of the file has been counted. */
  size = 0;

  /** `gone`: the client has left; a client itself ends with all that it does. */
  constructor(private readonly gone?: AbortSignal) {}

  /** Throws FileError when it is for nobody any more: a hole of terabytes costs its owner nothing, and takes hours here. */
  update(bytes: Uint8Array): void {
    if (this.gone?.aborted) throw new FileError("EBADF");
    this.#hash.update(bytes);
    this.size += bytes.length;
  }

  /** Counts zeros up to this offset; others have their turn meanwhile. */
  async skipTo(offset: number): Promise<void> {
    for (let rounds = 1; this.size < offset; rounds++) {
      this.update(zeros.subarray(0, Math.min(zeros.length, offset - this.size)));
      if (rounds % 16 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  /** The hash so far; goes on after that. */
  sum(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#hash.copy().digest());
  }
}

/** Read only. */
export const zeros = new Uint8Array(pieceBytes);

export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
