import assert from "node:assert/strict";
import { type Column, right, table } from "../../../src/text/table.ts";

const columns: Column[] = [{ title: "NAME" }, right("COUNT"), right("SHARE", 1), { title: "COMMAND" }];
const rows = [["web", "7", "100%", "httpd -f"], ["database", "1200", "5%", "postgres"]]
  .map((row) => row.map((text) => ({ text })));

Deno.test("table() aligns numbers on the right, and the rest on the left", () => {
  assert.deepEqual(table(columns, rows, 80, false), [
    "NAME      COUNT  SHARE  COMMAND",
    "web           7   100%  httpd -f",
    "database   1200     5%  postgres",
  ]);
});

Deno.test("table() drops the columns that do not fit, as their order says, before it shortens the last one", () => {
  assert.deepEqual(table(columns, rows, 26, false), [
    "NAME      COUNT  COMMAND",
    "web           7  httpd -f",
    "database   1200  postgres",
  ]);
});
