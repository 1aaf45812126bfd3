import type { Load, LoadResult } from "./load.ts";

/** Network in which a program runs: that of a process, or this machine's. */
export interface Place {
  networkOf?: number;
}

/** A server.ts; disposing ends it. */
export class Server implements AsyncDisposable {
  private constructor(private readonly child: Deno.ChildProcess, readonly port: number) {}

  /** Starts a server. `name` is the first byte of its answers; port 0 is any free port. */
  static async start(name: string, hostname: string, port: number, place: Place = {}): Promise<Server> {
    const child = start("server.ts", [name, hostname, String(port)], place);
    const lines = linesOf(child.stdout), first = (await lines.next()).value ?? "";
    const listening = Number(/^listening (\d+)$/.exec(first)?.[1]);
    if (!(listening > 0)) throw new Error(`the server ${name} does not listen: ${first}`);
    return new Server(child, listening);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.child);
  }
}

/** A client.ts that connects to one address; disposing ends it and its connections. */
export class Client implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;

  /** `by` is the name of the server that must answer, if any. */
  constructor(readonly hostname: string, readonly port: number, private readonly by?: string, place: Place = {}) {
    this.#child = start("client.ts", [hostname, String(port)], place);
    this.#lines = linesOf(this.#child.stdout);
    this.#input = this.#child.stdin.getWriter();
  }

  /** Runs a load. Throws an Error when any connection was not answered in full, or by the wrong server. */
  async run(load: Load): Promise<LoadResult> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(load)}\n`));
    const { value } = await this.#lines.next();
    if (value === undefined) throw new Error(`the client of ${this.hostname}:${this.port} has ended`);
    const result: LoadResult = JSON.parse(value);
    const others = Object.keys(result.by).filter((name) => name !== (this.by ?? name));
    if (result.wrong.length > 0 || others.length > 0) {
      throw new Error(`${JSON.stringify(load)}: ${result.wrong.join("; ")}, answered by ${JSON.stringify(result.by)}`);
    }
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child);
  }
}

function start(file: string, args: readonly string[], { networkOf }: Place): Deno.ChildProcess {
  const script = new URL(file, import.meta.url).pathname;
  const enter = networkOf === undefined ? [] : ["nsenter", `--net=/proc/${networkOf}/ns/net`, "--"];
  const [program = "", ...rest] = [...enter, Deno.execPath(), "run", "-A", "--quiet", script, ...args];
  return new Deno.Command(program, { args: rest, stdin: "piped", stdout: "piped", stderr: "inherit" }).spawn();
}

async function end(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill();
  } catch {
    // The process has ended.
  }
  await child.status;
}

export async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
