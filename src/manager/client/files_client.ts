import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Channel } from "../../lib/channel.ts";
import { FileTrouble } from "./target_files.ts";
import type { FileKind } from "../../event.ts";
import type { Chunk, FileEntry, FileReader, Files, InodePath, ReadingFile, WholeFile } from "./target_files.ts";
import { FileHash, sameHash } from "../protocol/hash.ts";
import { unpack } from "../protocol/chunks.ts";
import {
  FileKind as Kind,
  FindInodeRequestSchema,
  ListFilesRequest_Depth as Depth,
  ListFilesRequestSchema,
  ReadFilesRequestSchema,
} from "../protocol/gen/manager_pb.ts";
import type {
  BatchRead,
  FileEntry as EntryMessage,
  FileTrouble as TroubleMessage,
  ReadFilesRequest,
  ReadFilesResponse,
} from "../protocol/gen/manager_pb.ts";
import { openWriter } from "./files_writer.ts";
import { decode, encode, hex, settled, translated } from "./wire.ts";
import type { FilesClient } from "./wire.ts";

const depths = { self: Depth.SELF, children: Depth.CHILDREN, tree: Depth.TREE } as const;
const kinds: Readonly<Record<Kind, FileKind>> = {
  [Kind.UNSPECIFIED]: "unknown",
  [Kind.FILE]: "file",
  [Kind.DIRECTORY]: "directory",
  [Kind.SYMLINK]: "symlink",
  [Kind.DEVICE]: "device",
  [Kind.SOCKET]: "socket",
  [Kind.FIFO]: "fifo",
};

/** Accesses the files of a target through its manager. */
export function makeFiles(client: FilesClient): Files {
  const { connection: { calls, lost }, target } = client;
  const until = (signal: AbortSignal) => ({ signal: AbortSignal.any([lost, signal]) });
  return {
    async *list(path, { depth, follow = false, names = false, signal }) {
      const request = create(ListFilesRequestSchema, {
        target,
        path: encode(path),
        depth: depths[depth],
        follow,
        names,
      });
      const responses = ask(request, (requests) => calls.listFiles(requests, until(signal)));
      for await (const { entries, troubles } of translated(client, responses)) {
        for (const entry of entries) yield* entryOf(entry);
        for (const trouble of troubles) {
          if (trouble.path.length === 0) throw troubleOf(trouble);
          yield troubleOf(trouble);
        }
      }
    },
    reader: (path, { follow = false, signal }) => openReader(client, encode(path), follow, signal),
    writer: (path, options) => openWriter(client, encode(path), options),
    async *findInode(inode, signal) {
      const request = create(FindInodeRequestSchema, { target, inode });
      const responses = ask(request, (requests) => calls.findInode(requests, until(signal)));
      for await (const { response } of translated(client, responses)) {
        if (response.case === "seen") yield { seen: Number(response.value) };
        if (response.case === "trouble") yield troubleOf(response.value);
        if (response.case !== "found") continue;
        const { path, kind, layers, noLayers } = response.value;
        yield {
          path: decode(path),
          kind: kinds[kind],
          layers: layers.map(({ directory, upper, sameInode }) => ({ directory: decode(directory), upper, sameInode })),
          ...(noLayers === "" ? {} : { noLayers }),
        } satisfies InodePath;
      }
    },
  };
}

/** Sends one request, and closes the client's side when all responses were read: see ListFiles in manager.proto. */
async function* ask<I, O>(request: I, call: (requests: AsyncIterable<I>) => AsyncIterable<O>): AsyncIterable<O> {
  const requests = new Channel<I>();
  void requests.push(request);
  try {
    yield* call(requests);
  } finally {
    requests.close();
  }
}

function openReader(client: FilesClient, path: Uint8Array, follow: boolean, signal: AbortSignal): FileReader {
  const { connection: { calls, lost }, target } = client;
  const requests = new Channel<ReadFilesRequest>(), left = new AbortController();
  const send = (request: NonNullable<MessageInitShape<typeof ReadFilesRequestSchema>["request"]>) =>
    requests.push(create(ReadFilesRequestSchema, { request }));
  void send({ case: "open", value: { target, path, follow } });
  const options = { signal: AbortSignal.any([lost, signal, left.signal]) };
  // The call starts with the first read: otherwise the error of a call that is abandoned at once would be unhandled.
  let responses: AsyncIterator<ReadFilesResponse> | undefined;
  const pending: { path: string; hash: FileHash }[] = [], batches: string[][] = [];
  const reading = () => responses ??= translated(client, calls.readFiles(requests, options))[Symbol.asyncIterator]();
  return {
    async ask(path, have) {
      const hash = new FileHash();
      for await (const bytes of have ?? []) hash.update(bytes);
      pending.push({ path, hash });
      const more = hash.size === 0 ? {} : { have: BigInt(hash.size), haveSha256: hash.sum() };
      // Not awaited: the manager may read this request only after it has sent the files requested before.
      void send({ case: "file", value: { path: encode(path), ...more } });
    },
    async next() {
      const { path, hash } = pending.shift()!;
      return await readOne(path, hash, reading());
    },
    askBatch(files) {
      batches.push(files.map(({ path }) => path));
      const all = files.map(({ path, have }) => {
        const hash = new FileHash();
        if (have === undefined || have.length === 0) return { path: encode(path) };
        hash.update(have);
        return { path: encode(path), have: BigInt(hash.size), haveSha256: hash.sum() };
      });
      void send({ case: "batch", value: { files: all } });
    },
    async nextBatch() {
      const paths = batches.shift()!, next = await reading().next();
      if (next.done || next.value.response.case !== "batch") throw new FileTrouble(paths[0] ?? "", "EBADF");
      return readBatch(paths, next.value.response.value);
    },
    async [Symbol.asyncDispose]() {
      requests.close();
      if (responses !== undefined && pending.length + batches.length === 0) await settled(responses.next(), signal);
      left.abort();
    },
  };
}

async function readOne(path: string, known: FileHash, from: AsyncIterator<ReadFilesResponse>): Promise<ReadingFile> {
  const read = async () => {
    const next = await from.next();
    if (next.done) throw new FileTrouble(path, "EBADF");
    const { response } = next.value;
    if (response.case === "trouble") throw new FileTrouble(path, response.value.code);
    return response;
  };
  const start = await read();
  if (start.case !== "start" || start.value.entry === undefined) throw new FileTrouble(path, "EBADF");
  const begin = Number(start.value.from), hash = begin > 0 ? known : new FileHash();
  const whole = Promise.withResolvers<WholeFile>();
  whole.promise.catch(() => {}); // reading the chunks throws the same error
  async function* chunks(): AsyncIterable<Chunk> {
    try {
      for (let response = await read();; response = await read()) {
        if (response.case === "end") {
          const { size, sha256 } = response.value;
          await hash.skipTo(Number(size));
          if (BigInt(hash.size) !== size || !sameHash(hash.sum(), sha256)) throw new FileTrouble(path, "EBADHASH");
          return whole.resolve({ sizeBytes: hash.size, sha256: hex(sha256) });
        }
        if (response.case !== "data") throw new FileTrouble(path, "EBADF");
        const offset = Number(response.value.offset), bytes = unpack(response.value);
        await hash.skipTo(offset);
        hash.update(bytes);
        yield { offset, bytes };
      }
    } catch (error) {
      whole.reject(error);
      throw error;
    }
  }
  return { entry: fileEntry(start.value.entry, path), from: begin, chunks: chunks(), whole: whole.promise };
}

/** Returns the files of a batch; their bytes are part of the message. */
function readBatch(paths: readonly string[], { files, data }: BatchRead): (ReadingFile | FileTrouble | "tooLarge")[] {
  const all = data === undefined ? new Uint8Array() : unpack(data);
  let at = 0;
  return paths.map((path, index) => {
    const { result } = files[index] ?? {};
    if (result?.case === "trouble") return new FileTrouble(path, result.value.code);
    if (result?.case === "tooLarge") return "tooLarge";
    if (result?.case !== "whole" || result.value.entry === undefined) return new FileTrouble(path, "EBADF");
    const { sha256, same } = result.value, entry = fileEntry(result.value.entry, path), { sizeBytes } = entry;
    const whole = Promise.resolve({ sizeBytes, sha256: hex(sha256) });
    if (same) return { entry, from: sizeBytes, chunks: noChunks(), whole };
    const bytes = all.subarray(at, at += sizeBytes), hash = new FileHash();
    hash.update(bytes);
    if (bytes.length < sizeBytes || !sameHash(hash.sum(), sha256)) return new FileTrouble(path, "EBADHASH");
    return { entry, from: 0, chunks: one({ offset: 0, bytes }), whole };
  });
}

async function* noChunks(): AsyncIterable<never> {}

async function* one(chunk: Chunk): AsyncIterable<Chunk> {
  yield await Promise.resolve(chunk);
}

/** Decodes UTF-8; returns undefined if the bytes are not UTF-8. */
function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Yields the entry, or FileTrouble if its name is not UTF-8 and cannot be requested. Skips the content of such a directory. */
function* entryOf(entry: EntryMessage): Iterable<FileEntry | FileTrouble> {
  const path = decodeStrictly(entry.path), link = decodeStrictly(entry.link);
  if (path !== undefined && link !== undefined) return yield fileEntry(entry, path);
  const above = entry.path.subarray(0, Math.max(0, entry.path.lastIndexOf(0x2f)));
  if (decodeStrictly(above) !== undefined) yield new FileTrouble(decode(entry.path), "EILSEQ");
}

function fileEntry(entry: EntryMessage, path: string): FileEntry {
  const { kind, size, mode, modifiedNs, uid, gid, owner, group, inode, allocatedBytes, link } = entry;
  return {
    path,
    kind: kinds[kind],
    sizeBytes: Number(size),
    mode,
    modifiedNs,
    uid,
    gid,
    owner,
    group,
    inode,
    allocatedBytes: Number(allocatedBytes),
    ...(kind === Kind.SYMLINK ? { link: decode(link) } : {}),
  };
}

export function troubleOf({ path, code }: TroubleMessage): FileTrouble {
  return new FileTrouble(decode(path), code);
}
