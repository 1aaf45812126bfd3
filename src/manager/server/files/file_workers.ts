import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { Channel } from "../../../lib/channel.ts";
import { delay } from "../../../lib/delay.ts";
import { onAbort } from "../../../lib/on_abort.ts";
import type { Target } from "../../protocol/gen/manager_pb.ts";
import { releaseMemory } from "../memory.ts";
import { PartialFiles } from "./partial_files.ts";
import { aliveMs, fileCalls, free } from "./worker_messages.ts";
import type { FileCallName, FromWorker, LeftPart, ToWorker, WorkerError } from "./worker_messages.ts";
import { refusal } from "../refusal.ts";

/** A Worker that was silent for this many intervals of `aliveMs` waits for a file system that does not answer. */
const silentTimes = 15;
/** Limit of hung calls for one target and for all: each blocks a thread until its file system answers or is gone. */
const mostHung = 4, mostHungOfAll = 16;
/** Time that an idle Worker is kept for the next call, in milliseconds. */
const idleMs = 5000;
/** Time after which the thread of a terminated Worker has ended and its memory can be released, in milliseconds. */
const endedMs = 1000;
/** Limit for ending all calls when the manager ends, and again for removing the parts that copies left, in milliseconds. */
const endMs = 2000;

const program = new URL(import.meta.url.endsWith(".ts") ? "../files_worker.ts" : "./files_worker.js", import.meta.url);

interface Idle {
  worker: Worker;
  timer: ReturnType<typeof setTimeout>;
}

/**
 * Executes calls on files of targets in Workers, one call in each. A Worker whose file system does not answer is abandoned:
 * its call ends with an error, and its thread ends when the kernel returns from the blocked system call.
 */
export class FileWorkers implements AsyncDisposable {
  readonly #idle: Idle[] = [];
  /** Work in progress: each promise resolves at its end. */
  readonly #work = new Set<Promise<void>>();
  readonly #hung = new Map<string, number>();
  readonly #parts = new PartialFiles((parts) => void this.#remove(parts));

  /** Executes one call. Ends when `gone` is aborted. Throws ConnectError. */
  async *call<I, O>(name: FileCallName, requests: AsyncIterable<I>, gone: AbortSignal): AsyncIterable<O> {
    const input = requests[Symbol.asyncIterator](), first = await input.next();
    if (first.done) throw new ConnectError("there is no request", Code.InvalidArgument);
    const { key, path } = subjectOf(first.value);
    const all = [...this.#hung.values()].reduce((sum, one) => sum + one, 0);
    if ((this.#hung.get(key) ?? 0) >= mostHung || all >= mostHungOfAll) {
      throw refusal("TOO_MANY_SILENT", `${all} calls on files wait for a file system already`);
    }
    let next: Promise<IteratorResult<I>> = Promise.resolve(first);
    const responses = new Channel<Uint8Array<ArrayBuffer>>(), ended = Promise.withResolvers<void>();
    ended.promise.catch(() => {}); // awaited below
    const job = this.#start((message, post) => {
      switch (message.type) {
        case "ask":
          next = next.then(async (one) => {
            if (one.done) post({ type: "end" });
            else {
              const bytes = toBinary(fileCalls[name].request, one.value as never) as Uint8Array<ArrayBuffer>;
              post({ type: "request", bytes }, [bytes.buffer]);
            }
            return one.done ? one : await input.next();
          });
          // The stream was aborted: `gone` ends the call.
          return void next.catch(() => {});
        case "response":
          return void responses.push(message.bytes).then(() => post({ type: "more" }));
        case "done":
          return message.error === undefined ? ended.resolve() : ended.reject(errorOf(message.error));
      }
    });
    const leave = () => {
      job.post({ type: "gone" });
      ended.resolve();
    };
    void job.failed.catch(ended.reject);
    void job.hung.then(() => {
      this.#count(key, 1);
      void job.ended.then(() => this.#count(key, -1));
      const where = path === "" ? "" : ` at or below ${JSON.stringify(path)}`;
      ended.reject(refusal("SILENT_FILE_SYSTEM", `a file system${where} does not answer`));
    });
    ended.promise.catch(() => {}).then(() => responses.close());
    try {
      job.post({ type: "begin", call: name });
      using _abort = onAbort(gone, leave);
      if (gone.aborted) return;
      for await (const bytes of responses) {
        yield fromBinary(fileCalls[name].response, bytes) as O;
        // The consumer has sent the message once it asks for the next.
        free(bytes);
      }
      await ended.promise;
    } finally {
      leave();
      void input.return?.().catch(() => {}); // the stream was aborted
    }
  }

  /** Waits for the end of all calls, then removes the parts that copies left; each step takes at most `endMs`. */
  async [Symbol.asyncDispose](): Promise<void> {
    const atMost = async (work: Promise<unknown>) => {
      const limit = new AbortController();
      await Promise.race([work, delay(endMs, limit.signal)]);
      limit.abort();
    };
    await atMost(Promise.all(this.#work));
    const left = this.#parts.takeAll();
    if (left.length > 0) await atMost(this.#remove(left));
    for (const { worker, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      worker.terminate();
    }
  }

  #remove(parts: LeftPart[]): Promise<void> {
    const job = this.#start(() => {});
    job.post({ type: "remove", parts });
    return job.ended;
  }

  /** Runs one job in a Worker, which becomes idle again when the job is done. */
  #start(onMessage: (message: FromWorker, post: Job["post"]) => void): Job {
    const worker = this.#take(), ended = Promise.withResolvers<void>(), hung = Promise.withResolvers<void>();
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => {}); // the caller awaits it where needed
    this.#work.add(ended.promise);
    let silent = 0, over = false;
    // After the end of this job the Worker may run another.
    const post: Job["post"] = (message, transfer = []) => over || worker.postMessage(message, transfer);
    const timer = setInterval(() => ++silent === silentTimes && hung.resolve(), aliveMs);
    const end = () => {
      over = true;
      clearInterval(timer);
      worker.onmessage = null;
      this.#work.delete(ended.promise);
      ended.resolve();
    };
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      silent = 0;
      if (data.type === "keep") return this.#parts.keep(data.part);
      if (data.type === "forget") return this.#parts.forget(data.inode, data.name);
      onMessage(data, post);
      if (data.type !== "done") return;
      end();
      const timer = setTimeout(() => {
        this.#idle.splice(this.#idle.findIndex((idle) => idle.worker === worker), 1);
        worker.terminate();
        setTimeout(releaseMemory, endedMs);
      }, idleMs);
      this.#idle.push({ worker, timer });
    };
    worker.onerror = (event) => {
      event.preventDefault();
      failed.reject(new ConnectError(event.message, Code.Internal));
      end();
    };
    return { post, ended: ended.promise, hung: hung.promise, failed: failed.promise };
  }

  #take(): Worker {
    const idle = this.#idle.pop();
    clearTimeout(idle?.timer);
    return idle?.worker ?? new Worker(program, { type: "module", name: "files" });
  }

  #count(key: string, more: number): void {
    const count = (this.#hung.get(key) ?? 0) + more;
    if (count > 0) this.#hung.set(key, count);
    else this.#hung.delete(key);
  }
}

/** The work of one Worker. */
interface Job {
  post(message: ToWorker, transfer?: Transferable[]): void;
  /** Resolves when the Worker is idle again, or has failed. */
  ended: Promise<void>;
  /** Resolves when the Worker has been silent for too long. */
  hung: Promise<void>;
  /** Rejects when the Worker itself fails. */
  failed: Promise<never>;
}

/** Returns a key of the target of a request, and the path for error messages. */
function subjectOf(request: unknown): { key: string; path: string } {
  interface Subject {
    target?: Target;
    path?: Uint8Array;
  }
  const { request: open } = request as { request?: { value?: Subject } };
  const { target, path } = open?.value ?? request as Subject;
  const key = `${target?.podUid} ${target?.containerId} ${target?.pid}`;
  return { key, path: path === undefined ? "" : new TextDecoder().decode(path) };
}

/** Makes the error of a Worker anew: only data passes between threads. */
function errorOf({ code, message, reason }: WorkerError): ConnectError {
  return reason === undefined ? new ConnectError(message, code) : refusal(reason, message);
}
