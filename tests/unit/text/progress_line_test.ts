import assert from "node:assert/strict";
import { progressLine } from "../../../src/text/progress_line.ts";
import type { Progress } from "../../../src/text/progress_line.ts";

const half: Progress = {
  name: "conf/app.log",
  files: 2,
  totalFiles: 12,
  bytes: 50 << 20,
  totalBytes: 100 << 20,
  resumedBytes: 0,
  elapsedMs: 10_000,
};

Deno.test("progressLine() says which file, how much of all, how fast, and how long it takes yet", () => {
  assert.equal(progressLine(half, 80), "conf/app.log  3/12  50%  50.0M of 100M  5.0M/s  00:10 left");
});

Deno.test("progressLine() counts no speed for what was there already", () => {
  const resumed = { ...half, resumedBytes: 40 << 20 };
  assert.equal(progressLine(resumed, 80), "conf/app.log  3/12  50%  50.0M of 100M  1.0M/s  00:50 left");
});

Deno.test("progressLine() leaves out what is not known", () => {
  const { totalBytes: _total, ...unknown } = { ...half, totalFiles: 1 };
  assert.equal(progressLine(unknown, 80), "conf/app.log  50.0M  5.0M/s");
  assert.equal(progressLine({ ...half, elapsedMs: 100 }, 80), "conf/app.log  3/12  50%  50.0M of 100M");
});

Deno.test("progressLine() fits the window, and a name drives no terminal", () => {
  for (const columns of [10, 20, 40, 60, 80]) assert.ok(progressLine(half, columns).length < columns, `${columns}`);
  assert.match(progressLine({ ...half, name: "a\x1b[2Jb" }, 90), /^a\\x1b\[2Jb {2}/);
});

Deno.test("progressLine() has nothing left at the end", () => {
  assert.match(progressLine({ ...half, files: 12, bytes: 100 << 20 }, 80), /12\/12 {2}100% .* 00:00 left$/);
  assert.match(progressLine({ ...half, bytes: 0, totalBytes: 0 }, 80), /100%/);
});
