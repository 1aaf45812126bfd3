import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { defined } from "../../lib/defined.ts";
import { Channel } from "../../lib/channel.ts";
import { FileTrouble } from "./target_files.ts";
import type {
  BatchItem,
  Chunk,
  FileToWrite,
  FileWriter,
  ItemWritten,
  WriteOptions,
  WritingFile,
  WrittenMount,
} from "./target_files.ts";
import { FileHash, sameHash } from "../protocol/hash.ts";
import { Packer } from "../protocol/chunks.ts";
import { decode, encode, hex, settled, translated } from "./wire.ts";
import type { FilesClient } from "./wire.ts";
import { WriteFilesRequestSchema } from "../protocol/gen/manager_pb.ts";
import type {
  WriteBatchSchema,
  WriteFilesRequest,
  WriteFilesResponse,
  WriteItemSchema,
  WriteMount,
} from "../protocol/gen/manager_pb.ts";

type Answer = WriteFilesResponse["response"];

/** Writes files of a target through its manager. Responses arrive in the order of the requests. */
export function openWriter(client: FilesClient, path: Uint8Array, options: WriteOptions): FileWriter {
  const { connection: { calls, lost }, target } = client, { name, directory, signal } = options;
  const requests = new Channel<WriteFilesRequest>(), left = new AbortController();
  const send = (request: NonNullable<MessageInitShape<typeof WriteFilesRequestSchema>["request"]>) =>
    requests.push(create(WriteFilesRequestSchema, { request }));
  /** Pending answers, the oldest first. */
  const waiting: { path: string; answer: PromiseWithResolvers<Answer>; failed(): void }[] = [];
  let broken: { error: unknown } | undefined;

  const expect = (path: string, failed = () => {}): Promise<Answer> => {
    const answer = Promise.withResolvers<Answer>();
    answer.promise.catch(() => {});
    if (broken !== undefined) answer.reject(broken.error);
    else waiting.push({ path, answer, failed });
    return answer.promise;
  };
  const listen = async () => {
    const until = AbortSignal.any([lost, signal, left.signal]);
    try {
      for await (const { response } of translated(client, calls.writeFiles(requests, { signal: until }))) {
        const next = waiting.shift();
        if (response.case !== "trouble") {
          next?.answer.resolve(response);
          continue;
        }
        next?.answer.reject(new FileTrouble(next.path, response.value.code));
        next?.failed();
      }
      throw new FileTrouble(decode(path), "EBADF");
    } catch (error) {
      broken = { error };
      for (const { answer, failed } of waiting.splice(0)) {
        answer.reject(error);
        failed();
      }
    } finally {
      // Release producers that wait to send a request.
      requests.discard();
    }
  };

  const file = (file: FileToWrite, chunks: (from: number) => AsyncIterable<Chunk>): WritingFile => {
    const from = Promise.withResolvers<number>(), whole = Promise.withResolvers<Answer>();
    let failed = false, expected = false;
    // A resumed file gets two answers, unless the first says that it cannot be written.
    const end = () => void (expected = true, expect(file.path, () => failed = true).then(whole.resolve, whole.reject));
    const begin = async (): Promise<{ start: number; hash: FileHash }> => {
      const message = {
        path: encode(file.path),
        mode: file.mode,
        resume: file.resume,
        ...(file.sizeBytes === undefined ? {} : { size: BigInt(file.sizeBytes) }),
        ...defined({ modifiedNs: file.modifiedNs }),
      };
      if (!file.resume) {
        end();
        await send({ case: "file", value: message });
        return { start: 0, hash: new FileHash() };
      }
      const started = expect(file.path);
      await send({ case: "file", value: message });
      const answer = await started;
      end();
      const { have, sha256 } = answer.case === "started" ? answer.value : { have: 0n, sha256: new Uint8Array() };
      const hash = new FileHash();
      if (have > 0n) await hashStart(hash, chunks(0), Number(have));
      const keep = have > 0n && BigInt(hash.size) === have && sameHash(hash.sum(), sha256);
      await send({ case: "from", value: { keep } });
      return keep ? { start: Number(have), hash } : { start: 0, hash: new FileHash() };
    };
    const work = async () => {
      const { start, hash } = await begin();
      from.resolve(start);
      const packer = new Packer();
      for await (const { offset, bytes } of chunks(start)) {
        if (failed || broken !== undefined) return;
        await hash.skipTo(offset);
        hash.update(bytes);
        // An empty chunk only marks the end of the file.
        if (bytes.length > 0) await send({ case: "data", value: packer.pack(offset, bytes) });
      }
      await send({ case: "end", value: { size: BigInt(hash.size), sha256: hash.sum() } });
    };
    const sent = work();
    // A file that cannot be read to its end here must not be completed there: an empty hash never matches.
    const settled = sent.catch(async (error) => {
      from.reject(error);
      whole.reject(error);
      if (expected && !failed) await send({ case: "end", value: {} });
    });
    const done = whole.promise.then((answer) => {
      if (answer.case !== "done") throw new FileTrouble(file.path, "EBADF");
      return { sizeBytes: Number(answer.value.size), sha256: hex(answer.value.sha256) };
    });
    for (const promise of [from.promise, done, settled]) promise.catch(() => {}); // handled where they are awaited
    return { from: from.promise, sent: settled, whole: done };
  };

  const first = expect("").then((answer) => answer.case === "opened" ? answer.value : undefined);
  const opened = first.then((answer) => decode(answer?.path ?? new Uint8Array()));
  opened.catch(() => {}); // handled where it is awaited
  void send({ case: "open", value: { target, path, name: encode(name), directory } });
  const listening = listen();
  return {
    opened,
    mounts: first.then((answer) => (answer?.mounts ?? []).map(mountOf), () => []),
    batch(items) {
      const answer = expect(decode(path)), sent = send({ case: "batch", value: batchOf(items) });
      const written = answer.then((answer) => writtenOf(items, answer));
      written.catch(() => {}); // handled where it is awaited
      return { sent, written };
    },
    file,
    async [Symbol.asyncDispose]() {
      requests.close();
      await settled(listening, signal);
      left.abort();
    },
  };
}

function batchOf(items: readonly BatchItem[]): MessageInitShape<typeof WriteBatchSchema> {
  const bytes = new Uint8Array(items.reduce((sum, item) => item.kind === "file" ? sum + item.bytes.length : sum, 0));
  let at = 0;
  const item = (one: BatchItem): NonNullable<MessageInitShape<typeof WriteItemSchema>["item"]> => {
    const path = encode(one.path);
    if (one.kind === "symlink") return { case: "link", value: { path, link: encode(one.to) } };
    const { mode, modifiedNs } = one;
    if (one.kind === "directory") return { case: "directory", value: { path, mode, modifiedNs, finish: one.finish } };
    const hash = new FileHash();
    hash.update(one.bytes);
    bytes.set(one.bytes, at);
    at += one.bytes.length;
    const end = { size: BigInt(one.bytes.length), sha256: hash.sum() };
    return { case: "file", value: { file: { path, mode, modifiedNs }, end } };
  };
  return { items: items.map((one) => ({ item: item(one) })), data: new Packer().pack(0, bytes) };
}

function writtenOf(items: readonly BatchItem[], answer: Answer): (ItemWritten | FileTrouble)[] {
  const results = answer.case === "batch" ? answer.value.items : [];
  return items.map(({ path }, at) => {
    const { result } = results[at] ?? {};
    if (result?.case === "trouble") return new FileTrouble(path, result.value.code);
    if (result?.case !== "done") return new FileTrouble(path, "EBADF");
    const { size, sha256, created } = result.value;
    return { sizeBytes: Number(size), sha256: hex(sha256), created };
  });
}

function mountOf({ path, emptyDir, layer }: WriteMount): WrittenMount {
  return { path: decode(path), name: emptyDir, kind: layer ? "layer" : emptyDir !== "" ? "emptyDir" : "other" };
}

/** Hashes the first `length` bytes of a file. */
async function hashStart(hash: FileHash, chunks: AsyncIterable<Chunk>, length: number): Promise<void> {
  for await (const { offset, bytes } of chunks) {
    if (offset >= length) break;
    await hash.skipTo(offset);
    hash.update(bytes.subarray(0, length - offset));
    if (hash.size >= length) return;
  }
  await hash.skipTo(length);
}
