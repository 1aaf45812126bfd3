import assert from "node:assert/strict";
import { ScopeError } from "../../../../src/errors.ts";
import type { Event } from "../../../../src/event.ts";
import type { ToolOutput } from "../../../../src/tool.ts";
import { backtraceTool, gdbSession } from "../../../../src/features/gdb/tool.ts";

const directory = new URL("../../../testdata/gdb/", import.meta.url);
const time = "2026-01-01T00:00:00.000Z";

/** Replays a capture through the tool. Asserts that its command line is the captured one. */
function replay(name: string) {
  const [command = "", ...lines] = Deno.readTextFileSync(new URL(`${name}.txt`, directory)).trimEnd().split("\n");
  const tool = backtraceTool(4242);
  assert.equal(`# ${tool.argv.join(" ")}`, command.replace("PID", "4242"));
  const events = lines.flatMap((text): Event[] => {
    const [stream, line] = [text.slice(0, text.indexOf("|")), text.slice(text.indexOf("|") + 1)];
    const output: ToolOutput = stream === "exit"
      ? { exit: { code: Number(line) } }
      : { stream: stream === "stderr" ? "stderr" : "stdout", line, time };
    return tool.read(output);
  });
  return { tool, events, threads: events.filter((event) => event.type === "gdb.thread") };
}

function refused(name: string, message: RegExp, code: number) {
  assert.throws(() => replay(name), (error) => {
    assert.ok(error instanceof ScopeError);
    assert.match(error.message, message);
    assert.ok(error.hint !== undefined);
    assert.equal(error.exitCode, code);
    return true;
  });
}

Deno.test("backtraceTool.read() reports the stack of every thread, and the time for which the process was stopped", () => {
  const { tool, events, threads } = replay("threads");
  assert.deepEqual(threads.map(({ pid, name }) => [pid, name]), [[4242, "threads"], [4242, "one"], [4242, 'a "b"']]);
  const [main, one] = threads;
  assert.deepEqual(main?.frames.map((frame) => frame.function), ["pause", "deep", "main"]);
  assert.deepEqual(one?.frames.map(({ level, function: name }) => `${level} ${name}`), [
    ...["0 pause", "1 deep", "2 deep", "3 deep", "4 step", "5 work", "6 start_thread", "7 clone3"],
  ]);
  const summary = events.at(-1);
  assert.ok(summary?.type === "gdb.summary");
  assert.equal(summary.threads, 3);
  assert.ok(summary.stoppedMs > 0 && summary.stoppedMs < 10_000);
  assert.equal(tool.exitCode(), 0);
});

Deno.test("backtraceTool.read() reports scalar arguments, source lines, and inlined calls without an address", () => {
  const { threads } = replay("threads");
  const frames = threads[1]!.frames;
  assert.deepEqual({ ...frames[2], address: "" }, {
    level: 2,
    address: "",
    function: "deep",
    arguments: [
      { name: "left", value: "1" },
      { name: "word", value: frames[2]!.arguments![1]!.value },
      { name: "pair", value: "..." },
    ],
    file: "threads.c",
    line: 9,
  });
  assert.match(frames[2]!.arguments![1]!.value, /"two words"$/);
  assert.deepEqual([frames[4]?.function, frames[4]?.address], ["step", undefined]);
});

Deno.test("backtraceTool.read() reports libraries by their paths, and calls about which nothing is known", () => {
  const { threads: [thread] } = replay("stripped");
  const called = thread!.frames.find((frame) => frame.function === "clock_nanosleep");
  assert.match(called?.library ?? "", /^\/lib\/.*\/libc\.so\.6$/);
  assert.ok(thread!.frames.some((frame) => frame.function === undefined && frame.library === undefined));
});

Deno.test("backtraceTool.read() reports a stack that was not followed to its end", () => {
  const { threads } = replay("endless");
  assert.deepEqual([threads[0]?.frames.length, threads[0]?.problem], [256, "only the newest 256 frames"]);
  assert.equal(threads[1]?.problem, undefined);
});

Deno.test("backtraceTool.read() throws the error of gdb.py", () => {
  refused("traced", /^Process "\d+" is traced by process "\d+" \(strace\) already$/, 77);
  refused("forbidden", /^The kernel does not allow tracing process "\d+"$/, 77);
  refused("gone", /^Cannot find process "\d+"$/, 68);
});

Deno.test("backtraceTool.exitCode() returns the exit code of a killed gdb, with its last message", () => {
  const { tool, events } = replay("killed");
  assert.deepEqual(events.map((event) => event.type === "failed" && [event.subject, event.reason]), [
    ["process 4242", "gdb ended with exit code 137: Killed"],
  ]);
  assert.equal(tool.exitCode(), 137);
});

Deno.test("backtraceTool.read() throws timeout when gdb ended itself because the process was stopped too long", () => {
  for (const exit of [{ code: 142 }, { code: 142, signal: "SIGALRM" }]) {
    assert.throws(() => backtraceTool(4242).read({ exit }), { kind: "timeout" });
  }
});

const session = { pid: 42, batch: false, terminal: true, commands: [], args: [] };

Deno.test("backtraceTool.read() throws if gdb got no memory, as in a pod with little of it", () => {
  refused("little_memory", /^gdb had not enough memory for process "4242"$/, 69);
});

Deno.test("gdbSession() loads nothing of the target into gdb, whatever the arguments", () => {
  for (const options of [session, { ...session, batch: true, args: ["-ex", "bt"] }]) {
    const { argv } = gdbSession(options), first = argv.join(" ").split(" -ex ")[0]!;
    for (const wanted of ["gdb -nx ", "-iex set auto-load off ", "-iex set auto-load safe-path /dev/null "]) {
      assert.ok(first.includes(wanted), wanted);
    }
    assert.ok(first.includes("-iex set libthread-db-search-path /dev/null "));
    assert.ok(first.includes("-iex set debuginfod enabled off"));
  }
});

Deno.test("gdbSession() attaches, runs the user's files, and then gdb's own options", () => {
  const commands = [{ name: "watch.gdb", text: 'printf "ä\\n"\n' }];
  const { argv, env } = gdbSession({ ...session, batch: true, commands, args: ["-ex", "bt"] });
  const [batch, ex, attach, ...rest] = argv.slice(argv.indexOf("-batch"));
  assert.deepEqual([batch, ex, ...rest], ["-batch", "-ex", "-ex", "python scope_source()", "-ex", "bt"]);
  assert.match(attach ?? "", /^python globals\(\).get\("scope_attach", .*\)\(42\)$/);
  assert.deepEqual(JSON.parse(env.SCOPE_GDB_COMMANDS ?? ""), commands);
  assert.deepEqual(gdbSession(session).env, {});
});

Deno.test("gdbSession() turns paging off without a terminal", () => {
  assert.ok(gdbSession({ ...session, terminal: false }).argv.includes("set height 0"));
  assert.ok(!gdbSession(session).argv.includes("set height 0"));
});

Deno.test("gdbSession() throws when the files are longer than a variable may be", () => {
  const commands = (length: number) => [{ name: "long.gdb", text: "#".repeat(length) }];
  gdbSession({ ...session, commands: commands(128 * 1024 - 200) });
  assert.throws(() => gdbSession({ ...session, commands: commands(128 * 1024) }), { kind: "usage" });
});
