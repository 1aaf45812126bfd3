import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ReadFilesResponseSchema } from "../../protocol/gen/manager_pb.ts";
import type { ReadFile, ReadFilesRequest, ReadFilesResponse } from "../../protocol/gen/manager_pb.ts";
import { yieldToEventLoop } from "../../protocol/yield_to_event_loop.ts";
import { nextData, O_PATH, pread, statAt } from "./calls.ts";
import type { Descriptor } from "./descriptor.ts";
import { entryOf } from "./entry.ts";
import { codeOf } from "../../protocol/file_error.ts";
import { FileHash, sameHash } from "../../protocol/hash.ts";
import { troubleOf } from "./list.ts";
import { join, toName } from "./names.ts";
import type { Name } from "./names.ts";
import { chunkBytes, Packer } from "../../protocol/chunks.ts";
import { hasHiddenContent, openFile } from "./plain_file.ts";
import { readBatch } from "./read_batch.ts";
import { openBelow, TargetRoot } from "./target_root.ts";

/**
 * Handles one ReadFiles. Closes everything that it holds open when `gone` is aborted, even if the generator is not resumed.
 */
export async function* readFiles(
  requests: AsyncIterable<ReadFilesRequest>,
  gone: AbortSignal,
): AsyncIterable<ReadFilesResponse> {
  using held = new DisposableStack();
  gone.addEventListener("abort", () => held.dispose(), { once: true });
  let open: ((path: Name) => Descriptor) | undefined;
  for await (const { request } of requests) {
    if (gone.aborted) return;
    if (request.case === "open") open = opener(held, request.value);
    else if (open === undefined) throw new ConnectError("the first request must be open", Code.InvalidArgument);
    else if (request.case === "file") yield* readFile(open, request.value, gone);
    else if (request.case === "batch") yield response({ case: "batch", value: await readBatch(open, request.value) });
  }
}

/** Returns a function that opens files at or below the path of a request, by O_PATH. */
function opener(
  held: DisposableStack,
  { target, path, follow }: Extract<ReadFilesRequest["request"], { case: "open" }>["value"],
): (path: Name) => Descriptor {
  const root = held.use(TargetRoot.of(target)), base = root.absolute(path);
  let directory: Descriptor | undefined;
  return (path) => {
    if (path === "" || follow) return root.open(join(base, path), O_PATH);
    // Opened once: the directory stays the same even if it is renamed meanwhile.
    return openBelow(directory ??= held.use(root.open(base, O_PATH)), path, O_PATH);
  };
}

type Part = NonNullable<MessageInitShape<typeof ReadFilesResponseSchema>["response"]>;

const response = (part: Part): ReadFilesResponse => create(ReadFilesResponseSchema, { response: part });

async function* readFile(
  open: (path: Name) => Descriptor,
  { path, have, haveSha256 }: ReadFile,
  gone: AbortSignal,
): AsyncIterable<ReadFilesResponse> {
  try {
    using file = openFile(open(toName(path)));
    const stat = statAt(file.fd), hash = new FileHash(gone), kernel = hasHiddenContent(file, stat);
    const end = kernel ? Infinity : stat.size;
    const chunks = (from: number) => chunksOf(file, from, end, stat.allocatedBytes < stat.size && !kernel);
    const turn = yieldToEventLoop();
    let from = Number(have);
    if (from > 0) {
      if (from <= end) {
        for (const chunk of limited(chunks(0), from)) {
          await count(hash, chunk);
          if (turn.due) await turn.take();
        }
      }
      if (from > end || hash.size > from) from = 0;
      else await hash.skipTo(from);
      if (from > 0 && !sameHash(hash.sum(), haveSha256)) from = 0;
    }
    const counted = from > 0 ? hash : new FileHash(gone), packer = new Packer();
    yield response({ case: "start", value: { entry: entryOf(toName(path), stat), from: BigInt(from) } });
    for (const chunk of chunks(from)) {
      await count(counted, chunk);
      yield response({ case: "data", value: packer.pack(chunk.offset, chunk.bytes) });
    }
    // Count a hole at the end; a file truncated meanwhile ends at its present size.
    if (!kernel) await counted.skipTo(Math.min(end, statAt(file.fd).size));
    yield response({ case: "end", value: { size: BigInt(counted.size), sha256: counted.sum() } });
  } catch (error) {
    yield response({ case: "trouble", value: troubleOf(toName(path), codeOf(error)) });
  }
}

export interface Chunk {
  offset: number;
  bytes: Uint8Array<ArrayBuffer>;
}

async function count(hash: FileHash, { offset, bytes }: Chunk): Promise<void> {
  await hash.skipTo(offset);
  hash.update(bytes);
}

/**
 * Yields the data of a file between two offsets. A chunk is overwritten when the next is requested: new memory for each
 * would grow to a hundred megabytes before it is collected.
 */
function* chunksOf(file: Descriptor, from: number, end: number, sparse: boolean): Iterable<Chunk> {
  const buffer = new Uint8Array(Math.min(chunkBytes, end));
  for (let at = from; at < end;) {
    const data = sparse ? nextData(file.fd, at) : { start: at, end };
    if (data === undefined) return;
    const limit = Math.min(data.end, end);
    for (at = data.start; at < limit;) {
      const bytes = buffer.subarray(0, readAt(file, buffer.subarray(0, Math.min(chunkBytes, limit - at)), at));
      if (bytes.length === 0) return;
      yield { offset: at, bytes };
      at += bytes.length;
    }
  }
}

/** Reads at an offset. A file such as /proc/kmsg without further data now is at its end. */
function readAt(file: Descriptor, buffer: Uint8Array<ArrayBuffer>, offset: number): number {
  try {
    return pread(file.fd, buffer, offset);
  } catch (error) {
    if (codeOf(error) === "EAGAIN") return 0;
    throw error;
  }
}

function* limited(chunks: Iterable<Chunk>, end: number): Iterable<Chunk> {
  for (const { offset, bytes } of chunks) {
    if (offset >= end) return;
    yield { offset, bytes: bytes.subarray(0, end - offset) };
    if (offset + bytes.length >= end) return;
  }
}
