import assert from "node:assert/strict";
import { defined } from "../../../src/lib/defined.ts";

Deno.test("defined() leaves out what is undefined, and nothing else", () => {
  const some: { a: number; b?: string; c?: boolean; d: null; e: string } = defined({
    ...{ a: 0, b: undefined as string | undefined, c: false as boolean | undefined, d: null, e: "" },
  });
  assert.deepEqual(Object.entries(some), [["a", 0], ["c", false], ["d", null], ["e", ""]]);
});

Deno.test("defined() gives optional properties just to what may be undefined", () => {
  const found = defined({ name: "web", node: undefined as string | undefined });
  const name: string = found.name;
  // @ts-expect-error -- it may be missing
  const node: string = found.node;
  assert.deepEqual([name, node], ["web", undefined]);
});
