/** Limit of nft's answer to one line, in milliseconds. */
const answerMs = 3000;

/** Errors after which listing fails as well. */
const hopeless = /^(Operation not permitted|netlink: Error: cache initialization failed)/;

/** The error message of nft for a line that failed. */
export class NftError extends Error {
  override name = "NftError";
}

/**
 * One `nft -i`, which owns the tables that it creates: the kernel drops them with the process, however it ends. It ends with
 * its standard input, and so with the manager.
 */
export class Nft implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #lines: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();

  /** `enter` is the prefix that runs the command in the right network. */
  constructor(enter: readonly string[]) {
    // Errors go to standard output, so that each can be attributed to its line.
    const [program = "", ...args] = [...enter, "sh", "-c", "exec nft --json --interactive 2>&1"];
    this.#child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "null", detached: true })
      .spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#lines = textLines(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** Executes a line, and then lists something as JSON: by default all maps. Rejects with NftError. */
  do(line: string, list = "list maps"): Promise<string> {
    return this.#ask(`${line}\n${list}`);
  }

  /** Returns the JSON output of a line that lists something. Rejects with NftError. */
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
    const errors: string[] = [];
    try {
      await this.#input.write(new TextEncoder().encode(`${text}\n`));
      while (true) {
        const next = await this.#lines.next();
        if (next.done) throw new NftError(errors.join("\n") || "nft has ended");
        if (!next.value.startsWith('{"nftables"')) {
          errors.push(next.value);
          if (hopeless.test(next.value)) throw new NftError(errors.join("\n"));
        } else if (errors.length > 0) throw new NftError(errors.join("\n"));
        else return next.value;
      }
    } catch (error) {
      throw error instanceof NftError ? error : new NftError(errors.join("\n") || "nft has ended", { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  #kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // The process has ended.
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
 * Creates a table. From Linux 5.12 on the kernel drops it with its owner; before that it remains when the manager is killed.
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
