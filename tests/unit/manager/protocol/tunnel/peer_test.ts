import assert from "node:assert/strict";
import type { Peer } from "../../../../../src/manager/protocol/tunnel/peer.ts";
import { ResetError, splice } from "../../../../../src/manager/protocol/tunnel/peer.ts";

/** A peer that says what it is told to, and keeps what it hears. */
class Scripted implements Peer {
  readonly heard: string[] = [];
  readonly #says: string[] = [];
  #wake: (() => void) | undefined;
  deaf = false;

  /** "end" and "reset" are what they say; all else are bytes. */
  notice(...words: string[]): void {
    this.#says.push(...words);
    this.#wake?.();
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    while (this.#says.length === 0) await new Promise<void>((wake) => this.#wake = wake);
    const word = this.#says.shift()!;
    if (word === "reset") throw new ResetError("reset");
    return word === "end" ? undefined : new TextEncoder().encode(word);
  }

  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.deaf) return Promise.reject(new ResetError("reset"));
    this.heard.push(new TextDecoder().decode(bytes));
    return Promise.resolve();
  }

  end = (): void => void this.heard.push("end");
  reset = (): void => {
    this.heard.push("reset");
    this.notice("reset");
  };
}

Deno.test("splice() carries both ways to their ends, and counts what went", async () => {
  const a = new Scripted(), b = new Scripted(), traffic = { sent: 0, received: 0 };
  a.notice("question", "end");
  b.notice("long ", "answer", "end");
  assert.equal(await splice(a, b, traffic), "closed");
  assert.deepEqual([a.heard, b.heard], [["long ", "answer", "end"], ["question", "end"]]);
  assert.deepEqual(traffic, { sent: 8, received: 11 });
});

Deno.test("splice() goes on one way when the other has ended", async () => {
  const a = new Scripted(), b = new Scripted(), spliced = splice(a, b, { sent: 0, received: 0 });
  a.notice("end");
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(b.heard, ["end"]);
  b.notice("after that", "end");
  assert.equal(await spliced, "closed");
  assert.deepEqual(a.heard, ["after that", "end"]);
});

Deno.test("splice() passes a reset on, after what came before it", async () => {
  const a = new Scripted(), b = new Scripted();
  a.notice("half of", "reset");
  assert.equal(await splice(a, b, { sent: 0, received: 0 }), "reset");
  assert.deepEqual(b.heard, ["half of", "reset"]);
});

Deno.test("splice() delivers what one sent that takes no more, before it resets both", async () => {
  const a = new Scripted(), b = new Scripted();
  b.deaf = true;
  b.notice("no, thank you", "reset");
  a.notice("request");
  assert.equal(await splice(a, b, { sent: 0, received: 0 }), "reset");
  assert.deepEqual(a.heard[0], "no, thank you");
  assert.ok(a.heard.includes("reset"));
});

/** A spliced pair must end by itself; one that hangs would otherwise end the whole run without a word. */
async function ending(spliced: Promise<string>): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => timer = setTimeout(() => resolve("it hangs"), 5000));
  return await Promise.race([spliced, late]).finally(() => clearTimeout(timer));
}

Deno.test("splice() ends when one breaks off while the other takes nothing before its own bytes are read", async () => {
  const a = new Scripted(), b = new Scripted();
  a.deaf = true;
  b.notice("answer 1", "answer 2", "answer 3");
  // A program that answers before it reads on.
  const read = b.read.bind(b), answered = Promise.withResolvers<void>();
  let answers = 0;
  b.read = async () => {
    const bytes = await read();
    if (++answers === 3) answered.resolve();
    return bytes;
  };
  b.write = async (bytes) => {
    await answered.promise;
    b.heard.push(new TextDecoder().decode(bytes));
  };
  a.notice("question 1", "question 2", "reset");
  assert.equal(await ending(splice(a, b, { sent: 0, received: 0 })), "reset");
  assert.deepEqual(b.heard.slice(0, 3), ["question 1", "question 2", "reset"]);
});

Deno.test("splice() ends when neither takes anything any more", async () => {
  const a = new Scripted(), b = new Scripted();
  a.deaf = b.deaf = true;
  a.notice("question");
  b.notice("answer");
  assert.equal(await ending(splice(a, b, { sent: 0, received: 0 })), "reset");
  assert.ok(a.heard.includes("reset") && b.heard.includes("reset"));
});
