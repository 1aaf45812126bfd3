import { signals } from "../terminal/interrupt.ts";
import {
  beatMs,
  type Frame,
  type Greeting,
  type Hello,
  kinds,
  Link,
  type RawMode,
  type Size,
  type Stream,
  told,
  type Wrote,
} from "./link.ts";
import type { WorkerPlace } from "./place.ts";
import { Silence } from "./silence.ts";

/** Limit for a worker to greet, in milliseconds: it may still be loading. */
const greetMs = 1000;
/** Silence of the worker after which the user is told, and a signal ends this process without it, in milliseconds. */
const longestMs = 5000;
/** Limit for stderr to wait for what was written to stdout before, in milliseconds. */
const orderMs = 50;
/** Size of a read from standard input. */
const inputBytes = 64 * 1024;
/** Exit code when the worker is lost. */
const lost = 69;

/**
 * Lets a waiting worker do the work of this process, and returns its exit code. Resolves to undefined if there is none, or if
 * the worker hands the work back.
 */
export async function runByWorker({ key, socket, mode }: WorkerPlace): Promise<number | undefined> {
  const connection = await Deno.connect({ transport: "unix", path: socket }).catch(() => undefined);
  if (connection === undefined) return undefined;
  using link = new Link(connection);
  const frames = link.frames()[Symbol.asyncIterator]();
  let greeted = false;
  after(greetMs, () => greeted || link[Symbol.dispose]());
  const first = await frames.next();
  greeted = true;
  if (first.done || first.value.kind !== kinds.greeting) return undefined;
  const greeting = told<Greeting>(first.value);
  if (greeting.key !== key || !isTaken(greeting.port)) return undefined;
  link.tell(kinds.hello, hello(mode));
  return await new Program(link, greeting.pid).follow(frames);
}

/** Calls a function after a time. Not by setTimeout(), whose first use takes 7 ms: Deno loads Node's timers for it. */
function after(ms: number, call: () => void): void {
  AbortSignal.timeout(ms).addEventListener("abort", call);
}

/** Returns true if a port is taken. A worker's port is free in another network namespace, where its connections lead elsewhere. */
function isTaken(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.AddrInUse;
  }
}

/** Returns what the worker has to know. */
function hello(mode: number): Hello {
  const { stdin, stdout, stderr, pid, args } = Deno, env = Deno.env.toObject(), ageMs = performance.now();
  const terminals = { stdin: stdin.isTerminal(), stdout: stdout.isTerminal(), stderr: stderr.isTerminal() };
  return { pid, args, directory: Deno.cwd(), mode, env, terminals, size: size(), ageMs };
}

function size(): Size | undefined {
  try {
    return Deno.consoleSize();
  } catch {
    return undefined;
  }
}

/** This process, while a worker does its work. */
class Program {
  #active = true;
  #raw = false;
  readonly #silence = new Silence(beatMs);
  #toldSilence = false;
  /** The last writes to each stream. */
  readonly #writing: Record<Stream, Promise<unknown>> = { stdout: Promise.resolve(), stderr: Promise.resolve() };

  constructor(private readonly link: Link, private readonly worker: number) {}

  /** Serves the worker until it ends. Returns the exit code; undefined if the worker hands the work back. */
  async follow(frames: AsyncIterator<Frame>): Promise<number | undefined> {
    let beat: ReturnType<typeof setInterval> | undefined;
    after(beatMs, () => {
      if (!this.#active) return;
      this.#beat();
      beat = setInterval(() => this.#beat(), beatMs);
    });
    for (const name of ["SIGHUP", "SIGINT", "SIGTERM", "SIGTSTP"] as const) {
      Deno.addSignalListener(name, () => this.#signal(name));
    }
    Deno.addSignalListener("SIGWINCH", () => this.#active && this.link.tell(kinds.size, size()));
    let code: number | undefined, begun = false;
    for (let next = await frames.next(); !next.done; next = await frames.next()) {
      this.#silence.heard();
      const { kind } = next.value;
      if (kind === kinds.exit) code = told<number>(next.value);
      if (kind === kinds.taken || kind === kinds.handBack) begun = kind === kinds.taken;
      if (kind === kinds.handBack || kind === kinds.exit) break;
      this.#take(next.value);
    }
    this.#active = false;
    if (beat !== undefined) clearInterval(beat);
    if (this.#raw) this.#setRaw({ raw: false, cbreak: false });
    if (!begun) return undefined;
    if (code !== undefined) return code;
    say(`error: The process that worked for this command (pid ${this.worker}) has ended`);
    say("hint: it was killed, or has crashed; SCOPE_WARM=off does without it");
    return lost;
  }

  #take(frame: Frame): void {
    switch (frame.kind) {
      case kinds.stdout:
        return void this.#write("stdout", frame.bytes);
      case kinds.stderr:
        return void this.#write("stderr", frame.bytes);
      case kinds.read:
        return void this.#read();
      case kinds.raw:
        return this.#setRaw(told<RawMode>(frame));
      case kinds.stop:
        return this.#stop();
    }
  }

  async #write(stream: Stream, bytes: Uint8Array): Promise<void> {
    const before = this.#writing[stream], { stdout } = this.#writing;
    const write = async () => {
      await before;
      // Keep the order of the two streams, unless the reader of stdout makes a pause.
      if (stream === "stderr") await Promise.race([stdout, new Promise<void>((resolve) => after(orderMs, resolve))]);
      let error: Wrote["error"];
      try {
        for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await Deno[stream].write(rest));
      } catch (failure) {
        error = { pipe: failure instanceof Deno.errors.BrokenPipe, message: (failure as Error).message };
      }
      const wrote: Wrote = { stream, bytes: bytes.length, ...(error === undefined ? {} : { error }) };
      this.link.tell(kinds.wrote, wrote);
    };
    await (this.#writing[stream] = write());
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(inputBytes), count = await Deno.stdin.read(buffer).catch(() => null);
    this.link.send(kinds.input, buffer.subarray(0, count ?? 0));
  }

  #setRaw({ raw, cbreak }: RawMode): void {
    this.#raw = raw;
    try {
      Deno.stdin.setRaw(raw, { cbreak });
    } catch {
      // The terminal has gone.
    }
  }

  #signal(name: keyof typeof signals | "SIGTSTP"): void {
    if (!this.#active) {
      if (name === "SIGTSTP") Deno.kill(Deno.pid, "SIGSTOP");
      return;
    }
    this.link.send(kinds.signal, new TextEncoder().encode(name));
    if (this.#silence.ms > longestMs && name !== "SIGTSTP") Deno.exit(128 + signals[name]);
  }

  /** Stops this process, as Ctrl-Z does, until it is continued. */
  #stop(): void {
    Deno.kill(Deno.pid, "SIGSTOP");
    this.#silence.heard();
    this.#wakeWorker();
  }

  #wakeWorker(): void {
    try {
      Deno.kill(this.worker, "SIGCONT");
    } catch {
      // It has ended.
    }
  }

  #beat(): void {
    this.link.send(kinds.beat);
    // It stops when this process is stopped, and whoever stopped it, it goes on as long as this process does.
    this.#wakeWorker();
    if (this.#silence.look() <= longestMs || this.#toldSilence) return;
    this.#toldSilence = true;
    say(`the process that works for this command (pid ${this.worker}) does not answer`);
  }
}

function say(line: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
  } catch {
    // The reader has gone.
  }
}
