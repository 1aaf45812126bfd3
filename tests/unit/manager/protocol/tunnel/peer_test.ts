import assert from "node:assert/strict";
import type { Peer } from "../../../../../src/manager/protocol/tunnel/peer.ts";
import { ResetError, splice } from "../../../../../src/manager/protocol/tunnel/peer.ts";

/** A peer that reads scripted bytes, and collects the bytes written to it. */
class Scripted implements Peer {
  readonly written: string[] = [];
  readonly #script: string[] = [];
  #wake: (() => void) | undefined;
  refusesWrites = false;

  /** Queues bytes for `read`; "end" ends the stream, and "reset" resets it. */
  feed(...words: string[]): void {
    this.#script.push(...words);
    this.#wake?.();
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    while (this.#script.length === 0) await new Promise<void>((wake) => this.#wake = wake);
    const word = this.#script.shift()!;
    if (word === "reset") throw new ResetError("reset");
    return word === "end" ? undefined : new TextEncoder().encode(word);
  }

  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.refusesWrites) return Promise.reject(new ResetError("reset"));
    this.written.push(new TextDecoder().decode(bytes));
    return Promise.resolve();
  }

  end = (): void => void this.written.push("end");
  reset = (): void => {
    this.written.push("reset");
    this.feed("reset");
  };
}

Deno.test("splice() carries both ways to their ends, and counts what went", async () => {
  const a = new Scripted(), b = new Scripted(), traffic = { sent: 0, received: 0 };
  a.feed("question", "end");
  b.feed("long ", "answer", "end");
  assert.equal(await splice(a, b, traffic), "closed");
  assert.deepEqual([a.written, b.written], [["long ", "answer", "end"], ["question", "end"]]);
  assert.deepEqual(traffic, { sent: 8, received: 11 });
});

Deno.test("splice() goes on one way when the other has ended", async () => {
  const a = new Scripted(), b = new Scripted(), spliced = splice(a, b, { sent: 0, received: 0 });
  a.feed("end");
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(b.written, ["end"]);
  b.feed("after that", "end");
  assert.equal(await spliced, "closed");
  assert.deepEqual(a.written, ["after that", "end"]);
});

Deno.test("splice() passes a reset on, after what came before it", async () => {
  const a = new Scripted(), b = new Scripted();
  a.feed("half of", "reset");
  assert.equal(await splice(a, b, { sent: 0, received: 0 }), "reset");
  assert.deepEqual(b.written, ["half of", "reset"]);
});

Deno.test("splice() delivers what one sent that takes no more, before it resets both", async () => {
  const a = new Scripted(), b = new Scripted();
  b.refusesWrites = true;
  b.feed("no, thank you", "reset");
  a.feed("request");
  assert.equal(await splice(a, b, { sent: 0, received: 0 }), "reset");
  assert.deepEqual(a.written[0], "no, thank you");
  assert.ok(a.written.includes("reset"));
});

/** Waits for a spliced pair to end, for at most 5 s: a pair that hangs would end the whole test run without a message. */
async function ending(spliced: Promise<string>): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => timer = setTimeout(() => resolve("it hangs"), 5000));
  return await Promise.race([spliced, late]).finally(() => clearTimeout(timer));
}

Deno.test("splice() ends when one breaks off while the other takes nothing before its own bytes are read", async () => {
  const a = new Scripted(), b = new Scripted();
  a.refusesWrites = true;
  b.feed("answer 1", "answer 2", "answer 3");
  // A program that sends its answers before it reads more.
  const read = b.read.bind(b), answered = Promise.withResolvers<void>();
  let answers = 0;
  b.read = async () => {
    const bytes = await read();
    if (++answers === 3) answered.resolve();
    return bytes;
  };
  b.write = async (bytes) => {
    await answered.promise;
    b.written.push(new TextDecoder().decode(bytes));
  };
  a.feed("question 1", "question 2", "reset");
  assert.equal(await ending(splice(a, b, { sent: 0, received: 0 })), "reset");
  assert.deepEqual(b.written.slice(0, 3), ["question 1", "question 2", "reset"]);
});

Deno.test("splice() ends when neither takes anything any more", async () => {
  const a = new Scripted(), b = new Scripted();
  a.refusesWrites = b.refusesWrites = true;
  a.feed("question");
  b.feed("answer");
  assert.equal(await ending(splice(a, b, { sent: 0, received: 0 })), "reset");
  assert.ok(a.written.includes("reset") && b.written.includes("reset"));
});
