import { Wakeup } from "../lib/wakeup.ts";
import type { Input, Output, UserProcess } from "../terminal/user_process.ts";
import { type Frame, type Hello, kinds, type Link, type Size, type Stream, told, type Wrote } from "./link.ts";

/** Bytes that may be on their way to a pipe or a file. A terminal gets one write after the other. */
const aheadBytes = 512 * 1024;
/** Size of a frame of output. */
const frameBytes = 512 * 1024;
/** Limit for the last output to be taken after a signal, in milliseconds. */
const stuckMs = 2000;

/** The process that the user started, as seen by the worker that works for it. */
export class BorrowedProcess implements UserProcess {
  /** Called when the exit code is sent. */
  atEnd = (): Promise<void> => Promise.resolve();
  readonly args: readonly string[];
  readonly stdin: BorrowedInput;
  readonly stdout: BorrowedOutput;
  readonly stderr: BorrowedOutput;
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #onExit = new Set<() => void>();
  readonly #startedAt: number;
  #size: Size | undefined;
  #signaled = false;

  constructor(private readonly link: Link, { args, terminals, size, ageMs }: Hello) {
    this.args = args;
    this.#size = size;
    this.#startedAt = performance.now() - ageMs;
    this.stdin = new BorrowedInput(link, terminals.stdin);
    this.stdout = new BorrowedOutput(link, "stdout", terminals.stdout);
    this.stderr = new BorrowedOutput(link, "stderr", terminals.stderr);
  }

  get ageMs(): number {
    return performance.now() - this.#startedAt;
  }

  consoleSize(): Size {
    if (this.#size === undefined) throw new Error("there is no terminal");
    return this.#size;
  }

  onSignal(name: Deno.Signal, callback: () => void): Disposable {
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all.add(callback));
    return { [Symbol.dispose]: () => void all.delete(callback) };
  }

  onExit(callback: () => void): Disposable {
    this.#onExit.add(callback);
    return { [Symbol.dispose]: () => void this.#onExit.delete(callback) };
  }

  readonly handBack = async (): Promise<never> => {
    this.link.send(kinds.handBack);
    await this.link.flush();
    await this.atEnd();
    Deno.exit(0);
  };

  async exit(code: number): Promise<never> {
    for (const callback of this.#onExit) callback();
    this.#onExit.clear();
    const limit = Promise.withResolvers<void>();
    if (this.#signaled) setTimeout(limit.resolve, stuckMs);
    await Promise.race([this.stdout.flush(), limit.promise]);
    const { trouble } = this.stdout;
    if (code === 0 && trouble !== undefined) {
      code = 69;
      this.stderr.writeSync(new TextEncoder().encode(`error: Cannot write the output\nhint: ${trouble}\n`));
    }
    await Promise.race([this.stderr.flush(), limit.promise]);
    this.link.tell(kinds.exit, code);
    await Promise.race([this.link.flush(), limit.promise]);
    await this.atEnd();
    Deno.exit(0);
  }

  /** Takes a frame of the program. Returns true for a signal that stops it, and so this process. */
  take(frame: Frame): boolean {
    if (frame.kind === kinds.input) this.stdin.take(frame.bytes);
    if (frame.kind === kinds.wrote) this.#wrote(told(frame));
    if (frame.kind === kinds.size) this.#resize(told(frame));
    return frame.kind === kinds.signal && this.#signal(new TextDecoder().decode(frame.bytes));
  }

  #wrote(wrote: Wrote): void {
    this[wrote.stream].take(wrote);
  }

  #resize(size: Size | undefined): void {
    this.#size = size ?? this.#size;
    this.#signal("SIGWINCH");
  }

  #signal(name: string): boolean {
    const listeners = [...this.#listeners.get(name) ?? []];
    if (name === "SIGTSTP") return listeners.length === 0;
    this.#signaled ||= name !== "SIGWINCH";
    for (const callback of listeners) callback();
    return false;
  }
}

/** Input that the program reads when it is wanted: what a command does not read stays for others. */
class BorrowedInput implements Input {
  #wanted: PromiseWithResolvers<Uint8Array<ArrayBuffer>> | undefined;
  #rest = new Uint8Array();
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;

  constructor(private readonly link: Link, private readonly terminal: boolean) {}

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= new ReadableStream({
      pull: async (controller) => {
        const bytes = await this.#next();
        if (bytes.length === 0) controller.close();
        else controller.enqueue(bytes);
      },
    }, { highWaterMark: 0 });
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#rest.length === 0) this.#rest = await this.#next();
    const count = Math.min(buffer.length, this.#rest.length);
    buffer.set(this.#rest.subarray(0, count));
    this.#rest = this.#rest.subarray(count);
    return count === 0 ? null : count;
  }

  isTerminal(): boolean {
    return this.terminal;
  }

  setRaw(raw: boolean, { cbreak }: { cbreak: boolean } = { cbreak: false }): void {
    this.link.tell(kinds.raw, { raw, cbreak });
  }

  take(bytes: Uint8Array<ArrayBuffer>): void {
    this.#wanted?.resolve(bytes);
    this.#wanted = undefined;
  }

  async #next(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#wanted === undefined) {
      this.#wanted = Promise.withResolvers();
      this.link.send(kinds.read);
    }
    return await this.#wanted.promise;
  }
}

/** Output that the program writes. A failure is thrown by the next write. */
class BorrowedOutput implements Output {
  #sent = 0;
  #failure: Error | undefined;
  readonly #written = new Wakeup();

  constructor(private readonly link: Link, private readonly stream: Stream, private readonly terminal: boolean) {}

  async write(bytes: Uint8Array): Promise<number> {
    const count = this.writeSync(bytes), ahead = this.terminal ? 0 : aheadBytes;
    while (this.#sent > ahead && this.#failure === undefined) await this.#written.next;
    if (this.#failure !== undefined) throw this.#failure;
    return count;
  }

  writeSync(bytes: Uint8Array): number {
    if (this.#failure !== undefined) throw this.#failure;
    const part = bytes.subarray(0, frameBytes);
    this.link.send(kinds[this.stream], part);
    this.#sent += part.length;
    return part.length;
  }

  isTerminal(): boolean {
    return this.terminal;
  }

  /** Why not all could be written; undefined also when the reader has gone. */
  get trouble(): string | undefined {
    return this.#failure instanceof Deno.errors.BrokenPipe ? undefined : this.#failure?.message;
  }

  /** Resolves when all is written, or cannot be. */
  async flush(): Promise<void> {
    while (this.#sent > 0) await this.#written.next;
  }

  take({ bytes, error }: Wrote): void {
    this.#sent -= bytes;
    if (error !== undefined) {
      this.#failure ??= error.pipe ? new Deno.errors.BrokenPipe(error.message) : new Error(error.message);
    }
    this.#written.wake();
  }
}
