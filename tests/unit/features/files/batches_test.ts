import assert from "node:assert/strict";
import { batches, isSmall, together } from "../../../../src/features/files/batches.ts";

const grouped = (sizes: (number | undefined)[]) => [...batches(sizes.map((size) => ({ size })), ({ size }) => size)];
const lengths = (sizes: (number | undefined)[]) =>
  grouped(sizes).map((group) => Array.isArray(group) ? group.length : "alone");

Deno.test("batches() puts small things in a row together, up to a number and a size, and keeps the order", () => {
  assert.deepEqual(lengths([]), []);
  assert.deepEqual(lengths([0, 5, 5]), [3]);
  assert.deepEqual(lengths([5, 5, undefined, undefined, 5]), [2, "alone", "alone", 1]);
  assert.deepEqual(lengths(Array(600).fill(5)), [256, 256, 88]);
  assert.deepEqual(lengths(Array(20).fill(65_536)), [8, 8, 4]);
  const sizes = [1, 2, undefined, 3];
  assert.deepEqual(grouped(sizes).flat().map(({ size }) => size), sizes);
});

Deno.test("isSmall() leaves out large files and those with holes", () => {
  assert.deepEqual([isSmall(0, false), isSmall(65_536, false), isSmall(65_537, false)], [true, true, false]);
  assert.deepEqual([isSmall(100, true), isSmall(4096, true)], [true, false]);
});

Deno.test("together() works on some at a time, and has the results in the order of the items", async () => {
  const items = Array.from({ length: 100 }, (_, at) => at);
  let running = 0, most = 0;
  const results = await together(items, async (item) => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    return item * 2;
  });
  assert.deepEqual(results, items.map((item) => item * 2));
  assert.equal(most, 16);
});

Deno.test("together() rejects when one does, and none is left running", async () => {
  let running = 0, begun = 0;
  const work = async (item: number) => {
    begun++;
    running++;
    await Promise.resolve();
    running--;
    if (item === 3) throw new Error("three");
  };
  await assert.rejects(together(Array.from({ length: 100 }, (_, at) => at), work), /three/);
  assert.equal(running, 0);
  assert.ok(begun < 40, `${begun}`);
});
