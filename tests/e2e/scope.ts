import assert from "node:assert/strict";
import { joined } from "../../src/lib/bytes.ts";
import { CHECKOUT, type Outcome, outcome } from "./cluster_script.ts";
import { asEvent } from "./event_schema.ts";

// Does the same as scripts/scope, but checks for changed sources only once; errors_test.ts runs that script itself.
const bundled = await outcome("sh", [
  ...["-c", '. "$(dirname -- "$0")/lib.sh" && "$root/scripts/bundle" cli && echo $scope_flags'],
  `${CHECKOUT}/scripts/scope`,
]);
assert.equal(bundled.code, 0, bundled.stderr);

/** The command line of scope, as in scripts/scope. */
export const scopeArgv: readonly string[] = [
  ...[Deno.execPath(), "run", ...bundled.stdout.trim().split(/\s+/)],
  `${CHECKOUT}/dist/cli/main.js`,
];

const denoDirectory = `${Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`}/scope`;

/** Directory of the workers that wait for the next command. */
const runtime = Deno.env.get("XDG_RUNTIME_DIR");

/** A way that tests choose. */
export type Via = "auto" | "node" | "ephemeral";

/** Way of scope when a test names none. */
let currentVia: Via = "node";

/** Runs `body` with this way for all command lines that name none. */
export async function through<T>(via: Via, body: () => Promise<T>): Promise<T> {
  const before = currentVia;
  currentVia = via;
  try {
    return await body();
  } finally {
    currentVia = before;
  }
}

/** Returns the environment of a user with only a kubeconfig and the image. */
export function scopeEnv(env: Readonly<Record<string, string>> = {}): Record<string, string> {
  const needed = ["PATH", "KUBECONFIG", "SCOPE_IMAGE"].map((name) => {
    const value = Deno.env.get(name);
    assert.ok(value, `${name} is not set: run scripts/test, or see scripts/cluster env and scripts/image --name`);
    return [name, value];
  });
  return {
    ...Object.fromEntries(needed),
    HOME: "/nonexistent",
    // Otherwise Deno and kubectl would create directories in that home. Not the directory of Deno's own: a program with other
    // flags of V8, such as these tests, replaces the compiled code of Deno's modules there.
    DENO_DIR: denoDirectory,
    KUBECACHEDIR: `${Deno.env.get("HOME")}/.kube/cache`,
    LANG: "C.UTF-8",
    SCOPE_AUDIT: "off",
    SCOPE_VIA: currentVia,
    ...runtime === undefined ? {} : { XDG_RUNTIME_DIR: runtime },
    ...env,
  };
}

export interface ScopeOptions {
  readonly stdin?: Uint8Array<ArrayBuffer>;
  readonly env?: Readonly<Record<string, string>>;
  /** Command line of the program, if it is not the usual one. */
  readonly argv?: readonly string[];
}

/** Outcome of a command line, with its raw output. */
export interface ScopeOutcome extends Outcome {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly seconds: number;
}

/** Runs scope to its end, for at most two minutes. Fails when it prints a stack trace. */
export async function scope(args: readonly string[], options: ScopeOptions = {}): Promise<ScopeOutcome> {
  await using process = startScope(args, options);
  const code = await process.exit(120);
  return { code, stdout: process.stdout, stderr: process.stderr, bytes: process.bytes, seconds: process.seconds };
}

/** Runs scope, which must succeed; returns its stdout. */
export async function scopeOk(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await scope(args);
  assert.equal(code, 0, `scope ${args.join(" ")}: ${stderr}${stdout}`);
  return stdout;
}

/** Parses the JSON events that a command printed; every line must match docs/events.schema.json. */
export function eventsOf(stdout: string): Record<string, unknown>[] {
  return stdout.trim().split("\n").filter((line) => line !== "").map((line) => asEvent(JSON.parse(line)));
}

/** Starts scope; disposing kills it if it still runs. */
export function startScope(args: readonly string[], options: ScopeOptions = {}): ScopeProcess {
  return new ScopeProcess(args, options);
}

export class ScopeProcess implements AsyncDisposable {
  readonly pid: number;
  readonly #args: readonly string[];
  readonly #child: Deno.ChildProcess;
  readonly #chunks = { stdout: [] as Uint8Array<ArrayBuffer>[], stderr: [] as Uint8Array<ArrayBuffer>[] };
  readonly #read: Promise<unknown>;
  readonly #started = performance.now();
  #wake = Promise.withResolvers<void>();
  #code: number | undefined;
  #ended = this.#started;

  constructor(args: readonly string[], { stdin, env, argv = scopeArgv }: ScopeOptions) {
    const [program = "", ...before] = argv;
    this.#args = args;
    this.#child = new Deno.Command(program, {
      args: [...before, ...args],
      cwd: "/",
      clearEnv: true,
      env: scopeEnv(env),
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    this.#read = Promise.all([
      this.#collect("stdout", this.#child.stdout),
      this.#collect("stderr", this.#child.stderr),
      this.#feed(stdin),
    ]);
    void this.#child.status.then(({ code }) => {
      this.#code = code;
      this.#ended = performance.now();
      this.#changed();
    });
  }

  get stdout(): string {
    return decode(this.#chunks.stdout);
  }

  get stderr(): string {
    return decode(this.#chunks.stderr);
  }

  /** Raw standard output. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return joined(this.#chunks.stdout);
  }

  /** Duration from its start until now, or until its end. */
  get seconds(): number {
    return ((this.#code === undefined ? performance.now() : this.#ended) - this.#started) / 1000;
  }

  /** Waits until a stream matches. Fails when scope ends first. */
  async until(stream: "stdout" | "stderr", wanted: RegExp, seconds = 20): Promise<void> {
    const found = await this.#wait(seconds, () => wanted.test(this[stream]) || this.#code !== undefined);
    if (found && !wanted.test(this[stream])) await this.#read; // the end of its output may still be in flight
    assert.match(this[stream], wanted, `waited ${seconds} s for ${wanted} on ${stream} of ${this.#story()}`);
  }

  signal(name: Deno.Signal): void {
    Deno.kill(this.pid, name);
  }

  /** Waits for its end, and returns its exit code. */
  async exit(seconds = 20): Promise<number> {
    const ended = await this.#wait(seconds, () => this.#code !== undefined);
    assert.ok(ended, `waited ${seconds} s for the end of ${this.#story()}`);
    await this.#read;
    assert.doesNotMatch(this.stderr, /^\s+at .*[:(]/m, `a stack trace from ${this.#story()}`);
    return this.#code!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#code === undefined) {
      this.signal("SIGKILL");
      this.signal("SIGCONT");
      await this.#child.status;
    }
    await this.#read;
  }

  async #wait(seconds: number, condition: () => boolean): Promise<boolean> {
    const end = performance.now() + seconds * 1000;
    while (!condition()) {
      const left = end - performance.now();
      if (left <= 0) return false;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, left));
      await Promise.race([this.#wake.promise, late]);
      clearTimeout(timer);
    }
    return true;
  }

  #changed(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  async #collect(stream: "stdout" | "stderr", from: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const bytes of from) {
      this.#chunks[stream].push(bytes);
      this.#changed();
    }
  }

  async #feed(stdin: Uint8Array<ArrayBuffer> | undefined): Promise<void> {
    if (stdin === undefined) return;
    const writer = this.#child.stdin.getWriter();
    await writer.write(stdin).then(() => writer.close()).catch(() => {}); // scope may not read all of it
  }

  #story(): string {
    return `scope ${this.#args.join(" ")}\nstdout: ${this.stdout.slice(-2000)}\nstderr: ${this.stderr.slice(-2000)}`;
  }
}

function decode(chunks: readonly Uint8Array<ArrayBuffer>[]): string {
  return new TextDecoder().decode(joined(chunks));
}
