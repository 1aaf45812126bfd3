/** How the bytes of a file travel: in pieces, compressed where that helps. Used on both ends. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { FileData, FileDataSchema } from "./gen/manager_pb.ts";

/** Larger pieces cost less each, and more memory. */
export const pieceBytes = 1024 * 1024;
/** Smaller ones are not worth a try. */
const leastBytes = 512;
/** What compression saves at least, or else it is left alone for a while. */
const worthwhile = 0.9;
const longestPause = 32;

/** Turns bytes into pieces of one file. The way through the API server costs more per byte than compressing it. */
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

/** Throws when it is no such piece. */
export function unpack({ bytes }: FileData): Uint8Array<ArrayBuffer> {
  if (bytes.case === undefined) return new Uint8Array();
  if (bytes.case === "plain") return bytes.value as Uint8Array<ArrayBuffer>;
  return zstdDecompressSync(bytes.value, { maxOutputLength: pieceBytes }) as Uint8Array<ArrayBuffer>;
}
