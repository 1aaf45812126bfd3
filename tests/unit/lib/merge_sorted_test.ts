import assert from "node:assert/strict";
import { until } from "../../cluster/wait.ts";
import { mergeSorted } from "../../../src/lib/merge_sorted.ts";

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

Deno.test("mergeSorted() closes the other sources when one throws, and all when nobody wants more", async () => {
  const closed: string[] = [];
  const open = async function* (name: string): AsyncIterable<number[]> {
    try {
      for (let value = 0;; value++) yield [value];
    } finally {
      closed.push(name);
    }
  };
  // deno-lint-ignore require-yield
  const bad = async function* (): AsyncIterable<number[]> {
    throw new Error("cut");
  };
  await assert.rejects(merged(open("beside it"), bad()), /cut/);
  for await (const value of mergeSorted([open("first"), open("second")], (a, b) => a < b)) if (value > 2) break;
  await until("all to be closed", 5, () => closed.length === 3);
  assert.deepEqual(closed, ["beside it", "first", "second"]);
});
