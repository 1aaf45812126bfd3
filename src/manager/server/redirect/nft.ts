/** How long nft may take for one line, in milliseconds. */
const answerMs = 3000;

/** After this, nothing can be listed either. */
const hopeless = /^(Operation not permitted|netlink: Error: cache initialization failed)/;

/** What nft said of a line that it could not do. */
export class NftError extends Error {
  override name = "NftError";
}

/**
 * One `nft -i`, which owns the tables that it makes: the kernel drops those with it, however it ends. It ends with its
 * standard input, and so with this process.
 */
export class Nft implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #lines: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();

  /** `enter` is what stands before the command, to get into the network that is meant. */
  constructor(enter: readonly string[]) {
    // Errors among the answers, so that it is known which line they belong to.
    const [program = "", ...args] = [...enter, "sh", "-c", "exec nft --json --interactive 2>&1"];
    this.#child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "null", detached: true })
      .spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#lines = textLines(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** Does what a line says, and then lists something, as JSON: by default all maps there are. Rejects with NftError. */
  do(line: string, list = "list maps"): Promise<string> {
    return this.#ask(`${line}\n${list}`);
  }

  /** The answer to a line that lists something, as JSON. Rejects with NftError. */
  list(line: string): Promise<string> {
    return this.#ask(line);
  }

  #ask(text: string): Promise<string> {
    const answer = this.#last.then(() => this.#exchange(text));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #exchange(text: string): Promise<string> {
    const timer = setTimeout(() => this.#kill(), answerMs);
    const said: string[] = [];
    try {
      await this.#input.write(new TextEncoder().encode(`${text}\n`));
      while (true) {
        const next = await this.#lines.next();
        if (next.done) throw new NftError(said.join("\n") || "nft has ended");
        if (!next.value.startsWith('{"nftables"')) {
          said.push(next.value);
          if (hopeless.test(next.value)) throw new NftError(said.join("\n"));
        } else if (said.length > 0) throw new NftError(said.join("\n"));
        else return next.value;
      }
    } catch (error) {
      throw error instanceof NftError ? error : new NftError(said.join("\n") || "nft has ended", { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  #kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    const timer = setTimeout(() => this.#kill(), answerMs);
    await this.#child.status;
    clearTimeout(timer);
  }
}

/**
 * Makes a table. The kernel drops one with its owner, from Linux 5.12 on; before that it stays when this manager is killed.
 * Rejects with NftError.
 */
export async function makeTable(nft: Nft, text: (owned: boolean) => string): Promise<void> {
  try {
    await nft.do(text(true));
  } catch (error) {
    if (!/not supported|Invalid argument/i.test((error as Error).message)) throw error;
    await nft.do(text(false));
  }
}

async function* textLines(bytes: AsyncIterable<Uint8Array<ArrayBuffer>>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
