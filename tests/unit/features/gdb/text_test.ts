import assert from "node:assert/strict";
import { gdbSummaryLines, threadLines } from "../../../../src/features/gdb/text.ts";

const time = "2026-01-01T12:00:00.000Z";

Deno.test("threadLines() prints a stack as gdb does", () => {
  const lines = threadLines({
    type: "gdb.thread",
    time,
    pid: 42,
    thread: 43,
    name: "worker",
    frames: [
      { level: 0, address: "0x7f9dac073bd3", function: "wait4", library: "/lib/libc.so.6" },
      { level: 1, function: "step", arguments: [{ name: "by", value: "2" }], file: "a.c", line: 11 },
      { level: 10, address: "0x401682", arguments: [{ name: "a", value: "1" }, { name: "b", value: "..." }] },
    ],
    problem: "only the newest 3 frames",
  }, false);
  assert.deepEqual(lines, [
    'Thread 43 "worker":',
    "#0  0x00007f9dac073bd3 in wait4 () from /lib/libc.so.6",
    "#1  step (by=2) at a.c:11",
    "#10 0x0000000000401682 in ?? (a=1, b=...)",
    "(only the newest 3 frames)",
    "",
  ]);
});

Deno.test("threadLines() escapes control characters of a hostile target", () => {
  const frames = [{ level: 0, function: "\x1b[2Jf", library: "/\x07" }];
  const text = threadLines({ type: "gdb.thread", time, pid: 1, thread: 1, name: "\x1b]0;x", frames }, false).join("\n");
  // deno-lint-ignore no-control-regex -- control characters must not be there
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f]/);
});

Deno.test("gdbSummaryLines() prints the time for which the process was stopped", () => {
  const summary = { type: "gdb.summary", time, pid: 42, threads: 1, stoppedMs: 12.3 } as const;
  assert.deepEqual(gdbSummaryLines(summary, false), ["1 thread; process 42 stood still for 12.3 ms"]);
  assert.deepEqual(gdbSummaryLines({ ...summary, threads: 2, warnings: ["no symbols"] }, false), [
    "warning: no symbols",
    "2 threads; process 42 stood still for 12.3 ms",
  ]);
});
