import assert from "node:assert/strict";
import type { Peer } from "../../../../src/manager/tunnel/peer.ts";
import { ResetError, splice } from "../../../../src/manager/tunnel/peer.ts";

/** A peer that says what it is told to, and keeps what it hears. */
class Scripted implements Peer {
  readonly heard: string[] = [];
  readonly #says: string[] = [];
  #wake: (() => void) | undefined;
  deaf = false;

  /** "end" and "reset" are what they say; all else are bytes. */
  say(...words: string[]): void {
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
    this.say("reset");
  };
}

Deno.test("splice() carries both ways to their ends, and counts what went", async () => {
  const a = new Scripted(), b = new Scripted(), traffic = { sent: 0, received: 0 };
  a.say("question", "end");
  b.say("long ", "answer", "end");
  assert.equal(await splice(a, b, traffic), "closed");
  assert.deepEqual([a.heard, b.heard], [["long ", "answer", "end"], ["question", "end"]]);
  assert.deepEqual(traffic, { sent: 8, received: 11 });
});

Deno.test("splice() goes on one way when the other has ended", async () => {
  const a = new Scripted(), b = new Scripted(), spliced = splice(a, b, { sent: 0, received: 0 });
  a.say("end");
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(b.heard, ["end"]);
  b.say("after that", "end");
  assert.equal(await spliced, "closed");
  assert.deepEqual(a.heard, ["after that", "end"]);
});

Deno.test("splice() passes a reset on, after what came before it", async () => {
  const a = new Scripted(), b = new Scripted();
  a.say("half of", "reset");
  assert.equal(await splice(a, b, { sent: 0, received: 0 }), "reset");
  assert.deepEqual(b.heard, ["half of", "reset"]);
});

Deno.test("splice() delivers what one sent that takes no more, before it resets both", async () => {
  const a = new Scripted(), b = new Scripted();
  b.deaf = true;
  b.say("no, thank you", "reset");
  a.say("request");
  assert.equal(await splice(a, b, { sent: 0, received: 0 }), "reset");
  assert.deepEqual(a.heard[0], "no, thank you");
  assert.ok(a.heard.includes("reset"));
});
