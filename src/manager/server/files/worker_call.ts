import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { defined } from "../../../lib/defined.ts";
import { Wakeup } from "../../../lib/wakeup.ts";
import type {
  FindInodeRequest,
  ListFilesRequest,
  ReadFilesRequest,
  WriteFilesRequest,
} from "../../protocol/gen/manager_pb.ts";
import { findInode } from "./find_inode.ts";
import { listFiles } from "./list.ts";
import type { PartKeeper } from "./partial_files.ts";
import { readFiles } from "./read.ts";
import { ahead, fileCalls, free } from "./worker_messages.ts";
import type { FileCallName, FromWorker } from "./worker_messages.ts";
import { writeFiles } from "./write.ts";
import { reasonOf } from "../refusal.ts";

type Post = (message: FromWorker, transfer?: Transferable[]) => void;

/** One call on files, in a Worker: takes requests and posts responses, no faster than the manager takes them. */
export class WorkerCall {
  readonly #gone = new AbortController();
  readonly #requests: Uint8Array<ArrayBuffer>[] = [];
  #ended = false;
  /** Number of responses that may still be sent. */
  #credit = ahead;
  readonly #changed = new Wakeup();

  constructor(readonly name: FileCallName, readonly post: Post, readonly parts: PartKeeper) {}

  /** Executes the call. Never rejects: posts `done` last. */
  async run(): Promise<void> {
    const { response } = fileCalls[this.name];
    try {
      for (let count = 0; count < ahead; count++) this.post({ type: "ask" });
      for await (const message of this.#responses()) {
        await this.#until(() => this.#credit > 0);
        if (this.#gone.signal.aborted) break;
        this.#credit--;
        const bytes = toBinary(response, message as never) as Uint8Array<ArrayBuffer>;
        this.post({ type: "response", bytes }, [bytes.buffer]);
      }
      this.post({ type: "done" });
    } catch (error) {
      const failure = error instanceof ConnectError ? error : new ConnectError(String(error), Code.Internal);
      const { code, rawMessage: message } = failure, reason = reasonOf(failure);
      this.post({ type: "done", error: { code, message, ...defined({ reason }) } });
    } finally {
      this.#gone.abort();
    }
  }

  request(bytes: Uint8Array<ArrayBuffer>): void {
    this.#requests.push(bytes);
    this.#changed.wake();
  }

  /** Called when the client sends no more requests. */
  end(): void {
    this.#ended = true;
    this.#changed.wake();
  }

  more(): void {
    this.#credit++;
    this.#changed.wake();
  }

  /** Called when the client has left. */
  leave(): void {
    this.#gone.abort();
    this.#changed.wake();
  }

  #responses(): AsyncIterable<unknown> {
    const gone = this.#gone.signal;
    switch (this.name) {
      case "listFiles":
        return once(this.#incoming<ListFilesRequest>(), listFiles);
      case "readFiles":
        return readFiles(this.#incoming<ReadFilesRequest>(), gone);
      case "writeFiles":
        return writeFiles(this.#incoming<WriteFilesRequest>(), gone, this.parts);
      case "findInode":
        return once(this.#incoming<FindInodeRequest>(), findInode);
    }
  }

  async *#incoming<T>(): AsyncIterable<T> {
    for (;;) {
      await this.#until(() => this.#requests.length > 0 || this.#ended);
      const bytes = this.#requests.shift();
      if (bytes === undefined || this.#gone.signal.aborted) return;
      this.post({ type: "ask" });
      yield fromBinary(fileCalls[this.name].request, bytes) as T;
      free(bytes);
    }
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition() && !this.#gone.signal.aborted) await this.#changed.next;
  }
}

/** Answers the one request of a stream. */
async function* once<I, O>(requests: AsyncIterable<I>, answer: (request: I) => AsyncIterable<O>): AsyncIterable<O> {
  for await (const request of requests) return yield* answer(request);
}
