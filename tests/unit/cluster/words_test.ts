import assert from "node:assert/strict";
import { ClusterError } from "../../cluster/errors.ts";
import { clock, progressLine } from "../../cluster/progress.ts";
import { exportLines, quote } from "../../cluster/shell.ts";
import { until } from "../../cluster/wait.ts";

Deno.test("ClusterError.text() puts the hint on a line of its own", () => {
  assert.equal(new ClusterError("Cannot do it", "try that").text(), "error: Cannot do it\nhint: try that\n");
  assert.equal(new ClusterError("Cannot do it").text(), "error: Cannot do it\n");
});

Deno.test("clock() shows minutes from one on", () => {
  assert.equal(clock(12_400).trim(), "12 s");
  assert.equal(clock(187_000).trim(), "3 min 07 s");
});

Deno.test("progressLine() fits the terminal", () => {
  assert.equal(progressLine("5 s", "building", "", 80), "5 s  building …");
  assert.equal(progressLine("5 s", "building", "12 packages", 80), "5 s  building: 12 packages");
  assert.equal(progressLine("5 s", "building", "x".repeat(100), 20), "5 s  building: xxx…");
});

Deno.test("quote() keeps a path with blanks and quotes one word", () => {
  assert.equal(quote("/a/b-c.d"), "/a/b-c.d");
  assert.equal(quote("/a b/it's"), `'/a b/it'\\''s'`);
});

Deno.test("exportLines() keeps the PATH that there is", () => {
  assert.equal(exportLines("/k", "/bin dir"), `export KUBECONFIG=/k\nexport PATH='/bin dir':"$PATH"\n`);
});

Deno.test("until() says what it waited for, and what was missing", async () => {
  await assert.rejects(
    until("the rain", 0, () => false, { missing: () => "a cloud", hint: "look up" }),
    { message: "Cannot wait longer than 0 s for the rain: a cloud", hint: "look up" },
  );
});

Deno.test("until() ends with the signal", async () => {
  const reason = new Error("enough");
  await assert.rejects(until("the rain", 60, () => false, { signal: AbortSignal.abort(reason) }), reason);
});
