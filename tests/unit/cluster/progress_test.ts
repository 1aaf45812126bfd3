import assert from "node:assert/strict";
import { clock, progressLine } from "../../cluster/progress.ts";

Deno.test("clock() shows minutes from one on", () => {
  assert.equal(clock(12_400).trim(), "12 s");
  assert.equal(clock(187_000).trim(), "3 min 07 s");
});

Deno.test("progressLine() fits the terminal", () => {
  assert.equal(progressLine("5 s", "building", "", 80), "5 s  building …");
  assert.equal(progressLine("5 s", "building", "12 packages", 80), "5 s  building: 12 packages");
  assert.equal(progressLine("5 s", "building", "x".repeat(100), 20), "5 s  building: xxx…");
});
