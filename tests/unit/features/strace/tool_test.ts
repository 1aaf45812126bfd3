import assert from "node:assert/strict";
import { ScopeError } from "../../../../src/errors.ts";
import type { Event, StraceCall, StraceSummary } from "../../../../src/event.ts";
import { straceArguments, type StraceOptions, straceTool } from "../../../../src/features/strace/tool.ts";
import { parseStraceLine } from "../../../../src/features/strace/strace_line.ts";
import { captured } from "../../captured.ts";

type Options = Partial<Omit<StraceOptions, "pid">>;

/** Replays a capture through a tool with the same options. Asserts that its command line is the captured one. */
function replay(name: string, options: Options = {}) {
  const { command, pid, outputs } = captured(`strace/${name}`);
  const all = { follow: true, expressions: [], decodeDescriptors: false, summary: "none" as const, ...options, pid };
  const tool = straceTool(all);
  assert.equal(tool.argv.with(-1, "PID").join(" "), command);
  const events = outputs.flatMap((output) => tool.read(output));
  const calls = events.filter((event): event is StraceCall => event.type === "strace.call");
  return { tool, pid, events, calls };
}

function refusedBy(name: string, options: Options = {}): ScopeError {
  try {
    replay(name, options);
  } catch (error) {
    if (error instanceof ScopeError) return error;
    throw error;
  }
  assert.fail(`${name} is not refused`);
}

function news(events: readonly Event[]): string[] {
  return events.flatMap((event) => {
    if (event.type === "strace.signal") return [`${event.stopped ? "stopped " : ""}${event.signal}`];
    return event.type === "strace.exited" ? [`${event.code ?? event.signal}`] : [];
  });
}

const programs = "trace=%process,pause,clock_nanosleep,wait4";

Deno.test("straceArguments() sets a pid, the time and the duration on each line, and a separate output", () => {
  const options = { pid: 42, follow: true, expressions: ["trace=file", "signal=none"], decodeDescriptors: true };
  assert.deepEqual(straceArguments({ ...options, stringLimit: 64 }), [
    ...["strace", "-ttt", "-T", "-f", "-y", "-s", "64"],
    ...["-e", "trace=file", "-e", "signal=none", "-o", "/dev/stdout", "-p", "42"],
  ]);
  assert.ok(!straceArguments({ ...options, follow: false }).includes("-f"));
});

Deno.test("straceTool() enters no namespace of the target, and names the process that it stops", () => {
  const tool = straceTool({ pid: 42, follow: true, expressions: [], decodeDescriptors: false, summary: "none" });
  assert.deepEqual([tool.namespaces, tool.traces, tool.stopSignal], [[], 42, "SIGINT"]);
});

Deno.test("straceTool.read() reads calls with time, result, error and duration", () => {
  const { tool, pid, events, calls } = replay("files");
  assert.equal(events[0]?.type, "strace.attached");
  const call = (syscall: string) => {
    const { time, durationMs, ...rest } = calls.find((call) => call.syscall === syscall)!;
    assert.match(time, /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    return { ...rest, timed: durationMs !== undefined && durationMs >= 0 };
  };
  const common = { type: "strace.call", pid, timed: true };
  assert.deepEqual(call("openat"), {
    ...common,
    syscall: "openat",
    arguments: 'AT_FDCWD, "/etc/hostname", O_RDONLY',
    result: "3",
  });
  assert.deepEqual(call("chdir"), {
    ...common,
    syscall: "chdir",
    arguments: '"/nowhere"',
    result: "-1 ENOENT (No such file or directory)",
    error: "ENOENT",
  });
  assert.deepEqual(call("exit_group"), { ...common, syscall: "exit_group", arguments: "3", result: "?", timed: false });
  assert.equal(calls.find(({ syscall }) => syscall === "wait4")?.error, undefined);
  assert.deepEqual([tool.targetEnd, tool.exitCode()], ["exited with 3", 0]);
});

Deno.test("straceTool.read() joins a call that was printed in two parts, with the time of its entry", () => {
  const { outputs } = captured("strace/children");
  const { calls, events } = replay("children", { expressions: [programs] });
  assert.equal(events.filter(({ type }) => type === "strace.line").length, 0, "every line is understood");
  const begun = outputs.find((output) => "line" in output && output.line.includes("vfork( <unfinished ...>"));
  assert.ok(begun !== undefined && "line" in begun);
  const [, pid = "", fraction] = /^(\d+) +\d+\.(\d+) /.exec(begun.line) ?? [];
  const vfork = calls.find((call) => call.syscall === "vfork" && call.pid === Number(pid));
  assert.equal(vfork?.arguments, "");
  assert.match(vfork?.result ?? "", /^\d+$/);
  assert.ok(vfork?.time.endsWith(`.${fraction}Z`), vfork?.time);
  assert.ok(vfork?.durationMs !== undefined && vfork.durationMs > 0);
  assert.ok(calls.every((call) => !call.arguments.includes("unfinished") && call.unfinished === undefined));
});

Deno.test("straceTool.read() ignores text in quotes that looks like the end of a call", () => {
  const { calls, events } = replay("threads", { expressions: ["trace=write,futex,exit_group,exit"], stringLimit: 64 });
  const write = calls.find((call) => call.arguments.includes("unfinished"));
  assert.equal(write?.arguments.slice(write.arguments.indexOf(",")), ', ") = 0 <0.1> (x <unfinished ...>", 31');
  assert.equal(write?.result, "31");
  const attached = events[0];
  assert.ok(attached?.type === "strace.attached" && attached.threads > 1);
  assert.equal(events.filter(({ type }) => type === "strace.line").length, 0);
});

Deno.test("straceTool.read() keeps calls of several threads apart", () => {
  const { calls } = replay("programs", { expressions: ["trace=execve,vfork,clone3,exit_group"] });
  const execve = calls.find(({ syscall }) => syscall === "execve");
  assert.match(execve?.arguments ?? "", /^"[^"]+\/true", \["[^"]+"\], 0x[0-9a-f]+ \/\* \d+ vars \*\/$/);
  assert.equal(execve?.result, "0");
  assert.ok(calls.some(({ syscall, result }) => syscall === "clone3" && result === String(execve?.pid)));
});

Deno.test("straceTool.read() reads signals, stops and exits", () => {
  const { tool, events } = replay("signals", { expressions: ["trace=none"] });
  const seen = news(events);
  assert.deepEqual(seen.slice(-6), ["SIGUSR1", "SIGSTOP", "stopped SIGSTOP", "SIGCONT", "SIGSEGV", "SIGSEGV"]);
  assert.equal(tool.targetEnd, "was killed by SIGSEGV");
  const first = events.find((event) => event.type === "strace.signal");
  assert.match(first?.type === "strace.signal" ? first.details : "", /^\{si_signo=SIGCHLD, .*\}$/);
});

Deno.test("straceTool.read() ends with exit code 0 when the process is killed meanwhile", () => {
  const { tool, events, calls } = replay("killed");
  assert.deepEqual([tool.targetEnd, tool.exitCode(), news(events)], ["was killed by SIGKILL", 0, ["SIGKILL"]]);
  assert.deepEqual(calls.map(({ syscall, result }) => [syscall, result]), [["restart_syscall", "?"]]);
});

Deno.test("straceTool.read() shows the call in which the process waits when strace detaches", () => {
  const { tool, calls } = replay("detached");
  assert.deepEqual(calls.map(({ arguments: given, unfinished }) => [given, unfinished]), [
    ["<... resuming interrupted clock_nanosleep ...>", true],
  ]);
  assert.equal(tool.targetEnd, undefined);
});

Deno.test("straceTool.read() shows the unfinished calls of all threads at the end, and does not fail for the stop signal", () => {
  const { pid, outputs } = captured("strace/threads");
  const tool = straceTool({ pid, follow: true, expressions: [], decodeDescriptors: false, summary: "none" });
  const until = outputs.findIndex((output) => "line" in output && output.line.includes("<unfinished ...>"));
  for (const output of outputs.slice(0, until + 1)) tool.read(output);
  const left = tool.read({ exit: { code: 130, signal: "SIGINT" } });
  assert.deepEqual(left.map((event) => event.type === "strace.call" && event.unfinished), [true]);
  assert.equal(tool.exitCode(), 0);
  assert.deepEqual(tool.read({ exit: { code: 137, signal: "SIGKILL" } }).map(({ type }) => type), ["failed"]);
  assert.equal(tool.exitCode(), 137);
});

Deno.test("straceTool.read() follows no other thread without follow", () => {
  const { pid, events } = replay("thread_alone", {
    follow: false,
    expressions: ["trace=clone,vfork,wait4,exit_group"],
  });
  assert.ok(events.every((event) => !("pid" in event) || event.pid === pid));
});

Deno.test("straceTool.read() passes on unknown lines, such as bytes that were read", () => {
  const { calls, events } = replay("decoded", {
    decodeDescriptors: true,
    expressions: ["read=0", "trace=read,dup2,fcntl,close"],
  });
  assert.ok(events.some((event) => event.type === "strace.line" && /^ \| 00000 {2}6e /.test(event.text)));
  assert.ok(calls.some((call) => call.arguments === '0</etc/hostname>, "n", 1' && call.result === "1"));
});

Deno.test("straceTool.read() returns a summary of calls, errors and times, the longest in total first", () => {
  const { events, calls } = replay("files", { summary: "too" });
  const summaries = events.filter((event): event is StraceSummary => event.type === "strace.summary");
  const { time: _time, totalMs, maxMs, slowest, ...wait } = summaries[0]!;
  assert.deepEqual(wait, { type: "strace.summary", syscall: "wait4", calls: 2, errors: 1 });
  const waits = calls.filter(({ syscall }) => syscall === "wait4");
  assert.equal(totalMs, Math.round(waits.reduce((sum, one) => sum + one.durationMs! * 1000, 0)) / 1000);
  assert.equal(maxMs, Math.max(...waits.map(({ durationMs }) => durationMs!)));
  assert.deepEqual([slowest?.durationMs, slowest?.arguments], [maxMs, waits[0]?.arguments]);
  assert.equal(summaries.reduce((sum, one) => sum + one.calls, 0), calls.length);
  assert.deepEqual(summaries.map((one) => one.totalMs), summaries.map((one) => one.totalMs).toSorted((a, b) => b - a));
  const only = replay("files", { summary: "only" }).events.map(({ type }) => type);
  assert.deepEqual([...new Set(only)], ["strace.attached", "strace.summary"]);
});

Deno.test("straceTool.read() only counts calls that arrive long after the request to stop", () => {
  const { pid, outputs } = captured("strace/files");
  const tool = straceTool({ pid, follow: true, expressions: [], decodeDescriptors: false, summary: "too" });
  tool.stopping?.("2025-12-31T23:59:50.000Z");
  const events = outputs.flatMap((output) => tool.read(output));
  assert.ok(!events.some(({ type }) => type === "strace.call"));
  const line = events.find((event) => event.type === "strace.line");
  assert.match(line?.type === "strace.line" ? line.text : "", /^\d+ more calls were on their way, and are not shown$/);
  assert.ok(events.some((event) => event.type === "strace.summary" && event.syscall === "openat"));
});

Deno.test("straceTool.read() throws the reason why strace cannot start", () => {
  const gone = refusedBy("unknown_pid");
  assert.deepEqual([gone.kind, /^Process "\d+" has ended$/.test(gone.message)], ["notFound", true]);
  for (const name of ["traced_already", "not_capable", "not_permitted"]) {
    assert.equal(refusedBy(name).kind, "denied", name);
  }
});

for (
  const [name, expressions, words] of [
    ["bad_syscall", ["trace=foo"], 'invalid system call "foo"'],
    ["bad_option", ["foo=bar"], 'invalid system call "foo=bar"'],
    ["bad_signal", ["signal=FOO"], 'invalid signal "FOO"'],
    ["bad_status", ["status=foo"], 'invalid status "foo"'],
  ] as const
) {
  Deno.test(`straceTool.read() refuses -e ${expressions[0]} with strace's own message`, () => {
    const { kind, message } = refusedBy(name, { expressions });
    assert.deepEqual([kind, message], ["usage", `strace does not take this: ${words}`]);
  });
}

Deno.test("parseStraceLine() returns the text of a line that is not of a trace", () => {
  for (const text of ["", "42", " | 00000  6e  n |", "42 1.000001 +++ superseded by execve in pid 43 +++", "a b c"]) {
    assert.deepEqual(parseStraceLine(text), { kind: "other", text });
  }
});
