import assert from "node:assert/strict";
import { joined } from "../../src/lib/bytes.ts";
import { CHECKOUT, type Outcome, outcome } from "./cluster_script.ts";
import { asEvent } from "./event_schema.ts";

// What scripts/scope does, without looking for changed sources each time; errors_test.ts runs that script itself.
const bundled = await outcome("sh", [
  ...["-c", '. "$(dirname -- "$0")/lib.sh" && "$root/scripts/bundle" cli && echo $scope_flags'],
  `${CHECKOUT}/scripts/scope`,
]);
assert.equal(bundled.code, 0, bundled.stderr);

/** The command line of scope as scripts/scope has it. */
export const scopeArgv: readonly string[] = [
  ...[Deno.execPath(), "run", ...bundled.stdout.trim().split(/\s+/)],
  `${CHECKOUT}/dist/cli/main.js`,
];

/** A Way that tests choose. */
export type Via = "auto" | "node" | "ephemeral";

/** Which Way scope goes by where a test says nothing. */
let currentVia: Via = "node";

/** Lets all command lines of `body` go by this Way, unless they say otherwise. */
export async function through<T>(via: Via, body: () => Promise<T>): Promise<T> {
  const before = currentVia;
  currentVia = via;
  try {
    return await body();
  } finally {
    currentVia = before;
  }
}

/** The environment of a user who has a kubeconfig and the image, and nothing else. */
export function scopeEnv(env: Readonly<Record<string, string>> = {}): Record<string, string> {
  const needed = ["PATH", "KUBECONFIG", "SCOPE_IMAGE"].map((name) => {
    const value = Deno.env.get(name);
    assert.ok(value, `${name} is not set: run scripts/test, or see scripts/cluster env and scripts/image --name`);
    return [name, value];
  });
  return {
    ...Object.fromEntries(needed),
    HOME: "/nonexistent",
    // Deno and kubectl would make directories in that home.
    DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
    KUBECACHEDIR: `${Deno.env.get("HOME")}/.kube/cache`,
    LANG: "C.UTF-8",
    SCOPE_AUDIT: "off",
    SCOPE_VIA: currentVia,
    ...env,
  };
}

export interface ScopeOptions {
  readonly stdin?: Uint8Array<ArrayBuffer>;
  readonly env?: Readonly<Record<string, string>>;
}

/** What a command line did, with its output byte by byte. */
export interface ScopeOutcome extends Outcome {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly seconds: number;
}

/** Runs scope to its end, at most two minutes. No command line may ever print a stack trace. */
export async function scope(args: readonly string[], options: ScopeOptions = {}): Promise<ScopeOutcome> {
  await using process = startScope(args, options);
  const code = await process.exit(120);
  return { code, stdout: process.stdout, stderr: process.stderr, bytes: process.bytes, seconds: process.seconds };
}

/** The same, which must succeed; returns what it printed. */
export async function scopeOk(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await scope(args);
  assert.equal(code, 0, `scope ${args.join(" ")}: ${stderr}${stdout}`);
  return stdout;
}

/** The JSON events that a command printed; every line must be one, as docs/events.schema.json has it. */
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

  constructor(args: readonly string[], { stdin, env }: ScopeOptions) {
    const [program = "", ...before] = scopeArgv;
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

  /** Standard output as it came. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return joined(this.#chunks.stdout);
  }

  /** From its start until now, or to its end. */
  get seconds(): number {
    return ((this.#code === undefined ? performance.now() : this.#ended) - this.#started) / 1000;
  }

  /** Waits until a stream has what is looked for. Fails when scope ends before. */
  async until(stream: "stdout" | "stderr", wanted: RegExp, seconds = 20): Promise<void> {
    const found = await this.#wait(seconds, () => wanted.test(this[stream]) || this.#code !== undefined);
    if (found && !wanted.test(this[stream])) await this.#read; // its last words may still be on their way
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
    await writer.write(stdin).then(() => writer.close()).catch(() => {}); // scope need not read all of it
  }

  #story(): string {
    return `scope ${this.#args.join(" ")}\nstdout: ${this.stdout.slice(-2000)}\nstderr: ${this.stderr.slice(-2000)}`;
  }
}

function decode(chunks: readonly Uint8Array<ArrayBuffer>[]): string {
  return new TextDecoder().decode(joined(chunks));
}
