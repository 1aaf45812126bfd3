import assert from "node:assert/strict";
import { type SpanColumn, spanTable } from "../../../src/text/span_table.ts";

const heads: SpanColumn[] = [
  { title: "NAME", shrinks: { to: 6, at: "middle" } },
  { title: "COUNT", align: "right", least: 7, drop: 2 },
  { title: "WHY", shrinks: { to: 4, at: "end" }, drop: 1 },
];
const rows = [["web-1234", "5", "because"], ["db", "12", ""]].map((row) => row.map((text) => ({ text })));

for (
  const [columns, expected] of [
    [40, ["NAME        COUNT  WHY", "web-1234        5  because", "db             12"]],
    [24, ["NAME      COUNT  WHY", "web…34        5  because", "db           12"]],
    [22, ["NAME      COUNT  WHY", "web…34        5  beca…", "db           12"]],
    [18, ["NAME        COUNT", "web-1234        5", "db             12"]],
    [9, ["NAME", "web-1234", "db"]],
    [3, ["NAME", "web…34", "db"]],
  ] as const
) {
  Deno.test(`spanTable() fits ${columns} columns`, () => {
    const lines = spanTable(heads, rows, columns).map((spans) => spans.map(({ text }) => text).join("").trimEnd());
    assert.deepEqual(lines, expected);
  });
}
