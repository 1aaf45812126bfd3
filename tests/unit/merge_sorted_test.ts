import assert from "node:assert/strict";
import { mergeSorted } from "../../src/merge_sorted.ts";

async function* batches(...all: number[][]): AsyncIterable<number[]> {
  yield* all;
}

async function merged(...sources: AsyncIterable<number[]>[]): Promise<number[]> {
  return await Array.fromAsync(mergeSorted(sources, (a, b) => a < b));
}

Deno.test("mergeSorted() puts the values of sorted sources in one order", async () => {
  assert.deepEqual(await merged(batches([1, 4], [], [9]), batches(), batches([2, 3], [5, 8]), batches([7])), [
    ...[1, 2, 3, 4, 5, 7, 8, 9],
  ]);
  assert.deepEqual(await merged(), []);
});

Deno.test("mergeSorted() leaves the order within a source as it is", async () => {
  assert.deepEqual(await merged(batches([5, 1, 6]), batches([2])), [2, 5, 1, 6]);
});

Deno.test("mergeSorted() throws what a source throws", async () => {
  const bad = async function* (): AsyncIterable<number[]> {
    yield [1];
    throw new Error("cut");
  };
  await assert.rejects(merged(bad(), batches([2])), /cut/);
});
