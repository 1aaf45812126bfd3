import { Channel } from "../../lib/channel.ts";
import { endRun, kill, pidsOfRun, runVariable } from "./leftovers.ts";
import type { RunId } from "./leftovers.ts";
import { Tracee } from "./detach.ts";
import { InterruptibleDelay } from "./interruptible_delay.ts";
import { OutputExec, outputPipe } from "./output_exec.ts";
import { allPids, readProc, statOf } from "./processes.ts";
import type { Pty, WindowSize } from "./pty.ts";
import { openPty } from "./pty.ts";

export interface ProgramOptions {
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Size of the program's terminal; undefined: no terminal. */
  pty?: WindowSize;
  /** A process that the program stops, as a debugger does. */
  traces?: number;
}

export type ProgramOutput =
  | { stream: "stdout" | "stderr"; bytes: Uint8Array<ArrayBuffer> }
  /** The rest of standard output is for the exec, see `outputExec()`. */
  | { stream: "moved" };

export interface ProgramExit {
  code: number;
  signal: string;
}

/**
 * After a small chunk of output, reading pauses for this long, in milliseconds, and then collects what was printed
 * meanwhile: one message per line would cost four times the CPU time of a tool that prints a thousand lines a second. The
 * first chunk after a silence or after input is passed on at once, and large chunks are never delayed.
 */
const gatherMs = 20;
/** Size of a large chunk, in bytes. */
const largeChunk = 16 * 1024;

/** Opens the terminal $SCOPE_PTY as standard input and output of a new session, and executes the rest. */
const ptyScript = `exec setsid --ctty -- "$@" <"$SCOPE_PTY" >"$SCOPE_PTY" 2>&1`;

/**
 * A running program and everything that it starts. Disposing ends all of it. When the program ends by itself, the processes
 * that it left behind are ended, too.
 */
export class Program implements AsyncDisposable {
  readonly pid: number;
  /** Output of the program; ends when the program has ended. Slow reading slows the program down. */
  readonly output: AsyncIterable<ProgramOutput>;
  readonly exit: Promise<ProgramExit>;
  readonly #mark = crypto.randomUUID();
  readonly #child: Deno.ChildProcess;
  readonly #sinceMs: number;
  readonly #pty: Pty | undefined;
  readonly #traced: Tracee | undefined;
  readonly #gathering = new InterruptibleDelay();
  readonly #printed = new Channel<ProgramOutput>();
  #outputExec: OutputExec | undefined;
  #moved = false;
  /** Neither the program nor any process that it started runs any more. */
  #ended = false;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | undefined;

  /** Throws Deno.errors.NotFound when there is no such program. */
  constructor({ argv, env, pty, traces }: ProgramOptions) {
    this.#traced = traces === undefined ? undefined : new Tracee(traces);
    this.#pty = pty === undefined ? undefined : openPty(pty);
    const [program = "", ...args] = this.#pty === undefined ? argv : ["sh", "-c", ptyScript, "sh", ...argv];
    try {
      this.#child = new Deno.Command(program, {
        args,
        env: { ...env, [runVariable]: this.#mark, ...(this.#pty === undefined ? {} : { SCOPE_PTY: this.#pty.path }) },
        stdin: this.#pty === undefined ? "piped" : "null",
        stdout: this.#pty === undefined ? "piped" : "null",
        stderr: this.#pty === undefined ? "piped" : "null",
        // In its own process group: a signal for the tool must not reach the manager. With a terminal, setsid creates the
        // group.
        detached: this.#pty === undefined,
      }).spawn();
    } catch (error) {
      this.#pty?.[Symbol.dispose]();
      throw error;
    }
    this.pid = this.#child.pid;
    this.#sinceMs = statOf(this.pid)?.startMs ?? 0;
    this.#input = this.#pty === undefined ? this.#child.stdin.getWriter() : undefined;
    this.output = this.#printed;
    this.exit = this.#finish(this.#pump(this.#printed));
    this.exit.finally(() => this.#printed.close()).catch(() => {});
  }

  /** Writes to standard input. A program that does not read its input is no error. */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#pty !== undefined) return await this.#pty.write(bytes);
    this.#gathering.wake();
    await this.#input?.write(bytes).catch(() => {});
  }

  async endInput(): Promise<void> {
    await this.#input?.close().catch(() => {});
  }

  /** Returns the exec that may read the rest of standard output; undefined on a terminal, or when the program has ended. */
  outputExec(): OutputExec | undefined {
    const path = this.#ended || this.#pty !== undefined ? undefined : outputPipe(this.pid);
    return path === undefined ? undefined : this.#outputExec ??= new OutputExec(path, this.#sinceMs);
  }

  get #id(): RunId {
    return { mark: this.#mark, leader: this.pid, sinceMs: this.#sinceMs };
  }

  /**
   * Sends a signal to the program's group; behind nsenter and tini, to the processes that they run. On a terminal a shell
   * creates groups of its own: then all processes get the signal, as when a terminal hangs up.
   */
  signal(name: Deno.Signal): void {
    if (this.#ended) return;
    for (const pid of this.#pty === undefined ? this.#receivers() : pidsOfRun(this.#id)) kill(pid, name);
  }

  resize(size: WindowSize): void {
    this.#pty?.resize(size);
  }

  /** Ends the program and what it started, at most 5 s later. */
  async [Symbol.asyncDispose](): Promise<void> {
    const exec = this.#outputExec?.[Symbol.asyncDispose]();
    // The pid may have been reused.
    if (this.#ended) return await exec;
    // A tracer that is blocked on its output does not notice that it should end, and its target waits with it.
    this.#printed.discard();
    const left = await endRun(this.#id, this.#traced);
    if (left.length > 0) console.error(`cannot end the processes ${left.join(", ")}`);
    this.#pty?.[Symbol.dispose]();
    await exec;
  }

  async #finish(pumped: Promise<void>): Promise<ProgramExit> {
    pumped.catch(() => {}); // awaited below
    const { code, signal } = await this.#child.status;
    this.#gathering.end();
    await endRun(this.#id, this.#traced);
    this.#ended = true;
    this.#pty?.hangUp();
    await pumped;
    if (this.#moved) await this.#outputExec?.end();
    this.#pty?.[Symbol.dispose]();
    return { code, signal: signal ?? "" };
  }

  async #pump(channel: Channel<ProgramOutput>): Promise<void> {
    const pump = async (stream: ProgramOutput["stream"], from: AsyncIterable<Uint8Array<ArrayBuffer>>) => {
      for await (const bytes of from) {
        await channel.push({ stream, bytes });
        if (stream === "stdout" && this.#outputExec?.ready) {
          this.#moved = true;
          return await channel.push({ stream: "moved" });
        }
        if (this.#pty === undefined && bytes.length < largeChunk) await this.#gathering.wait(gatherMs);
      }
    };
    if (this.#pty !== undefined) return await pump("stdout", this.#pty.output);
    await Promise.all([pump("stdout", this.#child.stdout), pump("stderr", this.#child.stderr)]);
  }

  /**
   * Returns the processes that get a signal. A program that entered a pid namespace is a child of nsenter, which would die
   * of the signal and lose the program's exit code: then the signal goes to tini, which passes it on, or, without tini, to
   * all processes except nsenter.
   */
  #receivers(): number[] {
    if (readProc(this.pid, "comm")?.trim() !== "nsenter") return [-this.pid];
    const others = [...allPids()].map((pid) => ({ pid, stat: statOf(pid) }))
      .filter(({ pid, stat }) => pid !== this.pid && stat?.session === this.pid);
    const tini = others.find(({ stat }) => stat?.parentPid === this.pid && stat.name === "tini");
    return (tini === undefined ? others : [tini]).map(({ pid }) => pid);
  }
}
