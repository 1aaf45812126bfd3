import type { MessageInitShape } from "@bufbuild/protobuf";
import type { BatchReadSchema, FileReadSchema, ReadBatch, ReadFile } from "../../protocol/gen/manager_pb.ts";
import { yieldToEventLoop } from "../../protocol/yield_to_event_loop.ts";
import { pread, statAt } from "./calls.ts";
import type { Descriptor } from "./descriptor.ts";
import { entryOf } from "./entry.ts";
import { codeOf } from "../../protocol/file_error.ts";
import { FileHash, sameHash } from "../../protocol/hash.ts";
import { troubleOf } from "./list.ts";
import { toName } from "./names.ts";
import type { Name } from "./names.ts";
import { chunkBytes, Packer } from "../../protocol/chunks.ts";
import { hasHiddenContent, openFile } from "./plain_file.ts";

type Read = NonNullable<MessageInitShape<typeof FileReadSchema>["result"]>;

/** Reads small files into one message. */
export async function readBatch(
  open: (path: Name) => Descriptor,
  { files }: ReadBatch,
): Promise<MessageInitShape<typeof BatchReadSchema>> {
  const buffer = new Uint8Array(chunkBytes), results: { result: Read }[] = [];
  const turn = yieldToEventLoop();
  let used = 0;
  for (const file of files) {
    // Lets the Worker report that it is alive: a slow file system is not a hung one.
    if (turn.due) await turn.take();
    const { result, length } = readWhole(open, file, buffer.subarray(used));
    results.push({ result });
    used += length;
  }
  return { files: results, data: new Packer().pack(0, buffer.subarray(0, used)) };
}

/** Reads a whole file into the free part of a buffer. `length` is the number of bytes used there. */
function readWhole(
  open: (path: Name) => Descriptor,
  { path, have, haveSha256 }: ReadFile,
  free: Uint8Array<ArrayBuffer>,
): { result: Read; length: number } {
  try {
    using file = openFile(open(toName(path)));
    const stat = statAt(file.fd);
    if (stat.size > free.length || hasHiddenContent(file, stat)) {
      return { result: { case: "tooLarge", value: true }, length: 0 };
    }
    let length = 0;
    while (length < stat.size) {
      const count = pread(file.fd, free.subarray(length, stat.size), length);
      if (count === 0) break; // it was truncated meanwhile
      length += count;
    }
    const hash = new FileHash();
    hash.update(free.subarray(0, length));
    const sha256 = hash.sum(), same = length > 0 && BigInt(length) === have && sameHash(sha256, haveSha256);
    const entry = { ...entryOf(toName(path), stat), size: BigInt(length) };
    return { result: { case: "whole", value: { entry, sha256, same } }, length: same ? 0 : length };
  } catch (error) {
    return { result: { case: "trouble", value: troubleOf(toName(path), codeOf(error)) }, length: 0 };
  }
}
