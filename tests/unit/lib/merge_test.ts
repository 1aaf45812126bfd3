import assert from "node:assert/strict";
import { merge } from "../../../src/lib/merge.ts";

async function* of(values: readonly string[], error?: Error): AsyncIterable<string> {
  for (const value of values) {
    await Promise.resolve();
    yield value;
  }
  if (error !== undefined) throw error;
}

async function collect(values: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const value of values) all.push(value);
  return all;
}

Deno.test("merge() has the values of all sources, each in its order", async () => {
  const all = await collect(merge([of(["a1", "a2"]), of(["b1"]), of([])]));
  assert.deepEqual(all.toSorted(), ["a1", "a2", "b1"]);
  assert.ok(all.indexOf("a1") < all.indexOf("a2"));
});

Deno.test("merge() throws what a source threw, after the values of the others", async () => {
  const seen: string[] = [];
  const failing = async () => {
    for await (const value of merge([of([], new Error("lost")), of(["b1", "b2", "b3"])])) seen.push(value);
  };
  await assert.rejects(failing(), { message: "lost" });
  assert.deepEqual(seen, ["b1", "b2", "b3"]);
});

Deno.test("merge() ends its sources when nobody reads any more", async () => {
  let ended = false;
  async function* endless(): AsyncIterable<string> {
    try {
      while (true) yield await Promise.resolve("x");
    } finally {
      ended = true;
    }
  }
  for await (const _ of merge([endless()])) break;
  for (let i = 0; i < 20 && !ended; i++) await new Promise((resolve) => setTimeout(resolve));
  assert.ok(ended);
});
