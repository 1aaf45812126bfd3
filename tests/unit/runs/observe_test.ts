import assert from "node:assert/strict";
import { ScopeError } from "../../../src/errors.ts";
import type { Event } from "../../../src/event.ts";
import { observe } from "../../../src/runs/observe.ts";
import type { Tool, ToolOutput } from "../../../src/tool.ts";
import { targetClientOf } from "../target_client.ts";

const time = "2026-01-01T00:00:00.000Z";

function said(reason: string): Event {
  return { type: "failed", time, subject: "tool", reason };
}

/** Returns a tool that repeats its input in events. */
function echo(): Tool & { calls: ToolOutput[] } {
  const calls: ToolOutput[] = [];
  return {
    calls,
    argv: ["echo", "all"],
    namespaces: ["net"],
    stopSignal: "SIGINT",
    read(output) {
      calls.push(output);
      return [said("line" in output ? `${output.stream} ${output.line}` : `exit ${output.exit.code}`)];
    },
    exitCode: () => 0,
  };
}

const never = new AbortController().signal;

/** Returns the reasons of all events, and the error thrown after them. */
async function collect(events: AsyncIterable<Event>): Promise<{ reasons: string[]; error?: unknown }> {
  const reasons: string[] = [];
  try {
    for await (const event of events) reasons.push(event.type === "failed" ? event.reason : event.type);
    return { reasons };
  } catch (error) {
    return { reasons, error };
  }
}

Deno.test("observe() runs the tool's argv in the tool's namespaces", async () => {
  const { client, seen, end } = targetClientOf();
  const all = collect(observe(client, echo(), never));
  end(0);
  await all;
  assert.deepEqual([seen.options?.argv, seen.options?.namespaces], [["echo", "all"], ["net"]]);
});

Deno.test("observe() joins lines that arrive in chunks, for each stream separately", async () => {
  const { client, print, end } = targetClientOf();
  const all = collect(observe(client, echo(), never));
  await print("stdout", "one\ntw");
  await print("stderr", "oh ");
  await print("stdout", "o\n\nthr");
  await print("stderr", "no\n");
  await print("stdout", "ee\n");
  end(0);
  assert.deepEqual((await all).reasons, [
    "stdout one",
    "stdout two",
    "stdout ",
    "stderr oh no",
    "stdout three",
    "exit 0",
  ]);
});

Deno.test("observe() reads a last line without a line end", async () => {
  const { client, print, end } = targetClientOf();
  const all = collect(observe(client, echo(), never));
  await print("stderr", "half");
  await print("stdout", "a\nhalf");
  end(3);
  assert.deepEqual((await all).reasons, ["stdout a", "stdout half", "stderr half", "exit 3"]);
});

Deno.test("observe() joins a character that arrives in chunks", async () => {
  const { client, print, end } = targetClientOf();
  const all = collect(observe(client, echo(), never));
  for (const byte of new TextEncoder().encode("é漢🙂\n")) await print("stdout", Uint8Array.of(byte));
  end(0);
  assert.deepEqual((await all).reasons, ["stdout é漢🙂", "exit 0"]);
});

Deno.test("observe() cuts an endless line, and uses little memory for it", async () => {
  const { client, print, end } = targetClientOf();
  const tool = echo(), all = collect(observe(client, tool, never));
  for (let i = 0; i < 40; i++) await print("stdout", new Uint8Array(64 * 1024).fill(0x61));
  await print("stdout", "\nnext\n");
  end(0);
  await all;
  const lengths = tool.calls.map((call) => "line" in call ? call.line.length : 0);
  assert.deepEqual(lengths, [1 << 20, "next".length, 0]);
});

Deno.test("observe() passes the time of each line to the tool", async () => {
  const { client, print, end } = targetClientOf();
  const tool = echo(), before = new Date().toISOString();
  const all = collect(observe(client, tool, never));
  await print("stdout", "x\n");
  end(0);
  await all;
  const [first] = tool.calls;
  assert.ok(first && "time" in first && first.time >= before && first.time <= new Date().toISOString());
});

Deno.test("observe() sends the stop signal once and still reports the tool's output at its end", async () => {
  const { client, seen, print, end } = targetClientOf();
  const stop = new AbortController();
  const all = collect(observe(client, echo(), stop.signal));
  await print("stdout", "working\n");
  stop.abort();
  assert.deepEqual(seen.signals, ["SIGINT"]);
  await print("stdout", "summary\n");
  end(130);
  assert.deepEqual(await all, { reasons: ["stdout working", "stdout summary", "exit 130"] });
  assert.deepEqual(seen.signals, ["SIGINT"]);
});

Deno.test("observe() stops a tool that was started after the interrupt", async () => {
  const { client, seen, end } = targetClientOf();
  const all = collect(observe(client, echo(), AbortSignal.abort()));
  end(0);
  assert.deepEqual(await all, { reasons: ["exit 0"] });
  assert.deepEqual(seen.signals, ["SIGINT"]);
});

Deno.test("observe() reports by itself when the tool does not end within 3 s, and ignores it from then on", async () => {
  const { client, print, end } = targetClientOf();
  const stop = new AbortController(), start = performance.now();
  const all = collect(observe(client, echo(), stop.signal));
  stop.abort();
  assert.deepEqual(await all, { reasons: ["exit 130"] });
  const took = performance.now() - start;
  assert.ok(took > 2900 && took < 10_000, `${took} ms`);
  void print("stdout", "late\n");
  end(0);
});

Deno.test("observe() ends with the tool's events and then the reason when the target is lost", async () => {
  const { client, seen, print, end, lose } = targetClientOf();
  const reason = new ScopeError("unreachable", 'Pod "shop/web" was deleted meanwhile');
  const all = collect(observe(client, echo(), never));
  await print("stdout", "working\n");
  lose(reason);
  assert.deepEqual(seen.signals, ["SIGINT"]);
  await print("stdout", "summary\n");
  end(1);
  assert.deepEqual(await all, { reasons: ["stdout working", "stdout summary", "exit 1"], error: reason });
});

Deno.test("observe() shows the tool's summary and then throws when the connection breaks", async () => {
  const { client, print, breakOff } = targetClientOf();
  const reason = new ScopeError("unreachable", "Lost the connection");
  const all = collect(observe(client, echo(), never));
  await print("stdout", "working\n");
  breakOff(reason);
  assert.deepEqual(await all, { reasons: ["stdout working", "exit 130"], error: reason });
});

Deno.test("observe() mixes in events from elsewhere, until the tool ends", async () => {
  const { client, print, end } = targetClientOf();
  const ended = Promise.withResolvers<void>(), told = Promise.withResolvers<void>();
  const all = collect(observe(client, echo(), never, async function* (signal) {
    signal.addEventListener("abort", () => ended.resolve());
    yield said("elsewhere");
    told.resolve();
    await ended.promise;
    yield said("too late");
  }));
  await told.promise;
  await print("stdout", "working\n");
  end(0);
  assert.deepEqual(await all, { reasons: ["elsewhere", "stdout working", "exit 0"] });
  await ended.promise;
});

Deno.test("observe() goes on when the events from elsewhere fail", async () => {
  const { client, print, end } = targetClientOf();
  // deno-lint-ignore require-yield
  const all = collect(observe(client, echo(), never, async function* () {
    await Promise.reject(new ScopeError("denied", "Cannot watch pods"));
  }));
  await print("stdout", "working\n");
  end(0);
  assert.deepEqual(await all, { reasons: ["stdout working", "exit 0"] });
});

Deno.test("observe() applies back-pressure to a program while its events are not read", async () => {
  const { client, print, end } = targetClientOf();
  const events = observe(client, echo(), never)[Symbol.asyncIterator]();
  const first = events.next();
  let printed = 0;
  const program = (async () => {
    for (; printed < 100; printed++) await print("stdout", "line\n");
    end(0);
  })();
  await first;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(printed < 10, `${printed} lines were taken without a reader`);
  while (!(await events.next()).done);
  await program;
});

Deno.test("observe() shows no summary when the tool throws", async () => {
  const { client, print } = targetClientOf();
  const reason = new ScopeError("notFound", 'Cannot resolve "db"');
  const tool = echo();
  const read = tool.read.bind(tool);
  tool.read = (output) => {
    if ("line" in output && output.line === "no such host") throw reason;
    return read(output);
  };
  const all = collect(observe(client, tool, never));
  await print("stdout", "working\n");
  void print("stdout", "no such host\n");
  assert.deepEqual(await all, { reasons: ["stdout working"], error: reason });
});

Deno.test("observe() names the missing program, and shows no summary of the tool", async () => {
  const missing = async (argv: string[], way: "node" | "local") => {
    const { client, print, end } = targetClientOf();
    const tool = { ...echo(), argv };
    const all = collect(observe({ ...client, way }, tool, never));
    await print("stderr", "a shell's own words\n");
    end(127);
    const { reasons, error } = await all;
    assert.deepEqual(reasons, ["stderr a shell's own words"]);
    assert.ok(error instanceof ScopeError);
    return [error.kind, error.message, error.hint];
  };
  assert.deepEqual(await missing(["fping", "-D"], "local"), [
    "notFound",
    'Cannot find the program "fping" on this machine',
    "--via local runs this machine's own programs: install fping",
  ]);
  assert.deepEqual(await missing(["stdbuf", "-oL", "hping3", "::1"], "node"), [
    "notFound",
    'Cannot find the program "hping3" in the endoscope image',
    "the image that --image or SCOPE_IMAGE names lacks it",
  ]);
});
