/** Packs the bytes of files into chunks, compressed if that saves enough. Used by client and manager. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { FileData, FileDataSchema } from "./gen/manager_pb.ts";

/** Size of a chunk, in bytes. Larger chunks cost less per byte, and more memory. */
export const chunkBytes = 1024 * 1024;
/** Smaller chunks are never compressed, in bytes. */
const leastBytes = 512;
/** Compressed chunks must not be larger than this share of the original; otherwise the next chunks are not compressed. */
const worthwhile = 0.9;
/** Limit of the number of chunks that are not compressed after that; it doubles with each failure. */
const longestPause = 32;

/** Packs the chunks of one file. Compressing a byte costs less than sending it through the API server. */
export class Packer {
  #pause = 0;
  #left = 0;

  pack(offset: number, bytes: Uint8Array): MessageInitShape<typeof FileDataSchema> {
    const plain = { offset: BigInt(offset), bytes: { case: "plain" as const, value: bytes } };
    if (bytes.length < leastBytes || this.#left-- > 0) return plain;
    const packed = zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
    if (packed.length > bytes.length * worthwhile) {
      this.#left = this.#pause = Math.min(longestPause, this.#pause * 2 + 1);
      return plain;
    }
    this.#pause = this.#left = 0;
    return { ...plain, bytes: { case: "zstd", value: packed } };
  }
}

/** Unpacks a chunk. Throws if its data is invalid or longer than `pieceBytes`. */
export function unpack({ bytes }: FileData): Uint8Array<ArrayBuffer> {
  if (bytes.case === undefined) return new Uint8Array();
  if (bytes.case === "plain") return bytes.value as Uint8Array<ArrayBuffer>;
  return zstdDecompressSync(bytes.value, { maxOutputLength: chunkBytes }) as Uint8Array<ArrayBuffer>;
}
