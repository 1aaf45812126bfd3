import assert from "node:assert/strict";
import type { StraceCall, StraceSummary } from "../../../../src/event.ts";
import { straceLine, straceSummary } from "../../../../src/features/strace/text.ts";
import { captured } from "../../captured.ts";
import { straceTool } from "../../../../src/features/strace/tool.ts";

const time = "2026-01-01T10:20:30.123456Z";
const call: StraceCall = {
  type: "strace.call",
  time,
  pid: 42,
  syscall: "close",
  arguments: "3",
  result: "0",
  durationMs: 0.012,
};
/** Removes the time of day, which is local. */
const line = (event: Parameters<typeof straceLine>[0], color = false) =>
  straceLine(event, color).replace(/^\d\d:\d\d:\d\d\.123456 /, "");

Deno.test("straceLine() is strace's own rendering, after time and pid", () => {
  assert.equal(line(call), "     42 close(3)                                = 0 <0.000012>");
  const { durationMs: _, ...endless } = { ...call, syscall: "exit_group", arguments: "0", result: "?" };
  assert.equal(line(endless), "     42 exit_group(0)                           = ?");
  assert.equal(line({ ...endless, unfinished: true }), "     42 exit_group(0 <goes on>");
  const signal = { type: "strace.signal", time, pid: 42, signal: "SIGCHLD", details: "{}", stopped: false } as const;
  assert.equal(line(signal), "     42 --- SIGCHLD {} ---");
  assert.equal(line({ ...signal, stopped: true }), "     42 --- stopped by SIGCHLD ---");
  assert.equal(line({ type: "strace.exited", time, pid: 42, code: 3 }), "     42 +++ exited with 3 +++");
  const killed = { type: "strace.exited", time, pid: 42, signal: "SIGSEGV", coreDumped: true } as const;
  assert.equal(line(killed), "     42 +++ killed by SIGSEGV (core dumped) +++");
});

Deno.test("straceLine() prints the calls of a real trace as strace did", () => {
  const { pid, outputs } = captured("strace/files");
  const tool = straceTool({ pid, follow: true, expressions: [], decodeDescriptors: false, summary: "none" });
  const blanks = (text: string) => text.replaceAll(/ +/g, " ");
  const printed = outputs.flatMap((output) => "line" in output && output.stream === "stdout" ? [output.line] : []);
  const shown = outputs.flatMap((output) => tool.read(output)).flatMap((event) =>
    event.type === "strace.call" || event.type === "strace.signal" || event.type === "strace.exited"
      ? [straceLine(event, false)]
      : []
  );
  assert.deepEqual(
    shown.map((text) => blanks(text).replace(/^\S+ \d+ /, "")),
    printed.map((text) => blanks(text).replace(/^\d+ \S+ /, "")),
  );
});

Deno.test("straceLine() shows errors in their own colour, and escapes control characters", () => {
  const failed = line({ ...call, error: "ENOENT", result: "-1 ENOENT (No such file or directory)" }, true);
  // deno-lint-ignore no-control-regex -- control characters are the subject
  assert.match(failed, /\x1b\[31m/);
  assert.equal(line({ ...call, arguments: "\x1b[2J\u202e" }).includes("\x1b"), false);
  assert.equal(straceLine({ type: "strace.line", time, text: "a\x1bb" }, false), "a\\x1bb");
});

Deno.test("straceSummary() is a table with a total, and without the slowest calls where there is no room", () => {
  const summary: StraceSummary = {
    ...{ type: "strace.summary", time, syscall: "read", calls: 4, errors: 1, totalMs: 3, maxMs: 2 },
    slowest: { time, pid: 42, arguments: '3, "", 1', result: "0", durationMs: 2 },
  };
  const other: StraceSummary = { ...summary, syscall: "futex", calls: 0, errors: 0, totalMs: 1, maxMs: 1 };
  const wide = straceSummary([summary, other], Infinity, false);
  assert.deepEqual(wide[0]?.trim().split(/ {2,}/), [
    ...["SYSCALL", "CALLS", "ERRORS", "TOTAL/ms", "SHARE", "AVG/ms", "MAX/ms", "SLOWEST"],
  ]);
  assert.match(wide[1]!, /^read +4 +1 +3\.000 +75% +0\.750 +2\.00 +\S+ 42 read\(3, "", 1\) = 0$/);
  assert.match(wide[2]!, /^futex +0 +0 +1\.000 +25% +- +1\.00 /);
  assert.match(wide[3]!, /^total +4 +1 +4\.000 +100% +1\.00 +2\.00/);
  assert.ok(straceSummary([summary], 70, false).every((text) => !text.includes("read(3")));
  assert.deepEqual(straceSummary([], 80, false), []);
});
