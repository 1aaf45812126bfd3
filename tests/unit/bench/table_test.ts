import assert from "node:assert/strict";
import { compare, markdown, milliseconds } from "../../bench/table.ts";

Deno.test("compare judges the ratio as it prints it", () => {
  const row = (scope: number) => compare("x", { scope, other: 100, format: milliseconds, aim: 1.5 });
  assert.deepEqual(row(150.4), {
    what: "x",
    scope: "150 ms",
    other: "100 ms",
    ratio: "1.50×",
    aim: "≤ 1.5×",
    met: true,
  });
  assert.equal(row(151).met, false);
});

Deno.test("compare without an aim judges nothing", () => {
  const row = compare("x", { scope: 1, other: 2, format: milliseconds });
  assert.deepEqual(row, { what: "x", scope: "1.0 ms", other: "2.0 ms", ratio: "0.50×" });
});

Deno.test("markdown leaves cells empty that do not apply", () => {
  const lines = markdown([{ what: "memory", scope: "20 MB" }, { what: "b", scope: "1", met: false }]).split("\n");
  assert.deepEqual(lines, [
    "| what   | scope | other | ratio | aim | met    |",
    "| ------ | ----- | ----- | ----- | --- | ------ |",
    "| memory | 20 MB |       |       |     |        |",
    "| b      | 1     |       |       |     | **no** |",
  ]);
});
