import assert from "node:assert/strict";
import { gdb } from "../../../../src/features/gdb/command.ts";
import { run } from "../../../../src/features/gdb/run.ts";
import { ScopeError } from "../../../../src/errors.ts";
import type { RawOptions } from "../../../../src/options.ts";
import { first } from "../../target_client.ts";
import type { World } from "../world.ts";
import { worldOf } from "../world.ts";

/** Reads the only existing file; throws notFound for all others. */
const read = (path: string) =>
  path === "cmd/watch.gdb" ? Promise.resolve("bt\n") : Promise.reject(new ScopeError("notFound", path));

async function debugging(options: RawOptions, args: string[] = [], world: World = {}) {
  const { context, did, place } = worldOf({ globals: { pod: "web" }, processes: [first], ...world });
  return {
    code: await run(context, gdb.plan(options, args, context.options), read),
    did,
    run: place.seen.options,
    place,
  };
}

Deno.test("gdb attaches to the first process, and returns gdb's exit code", async () => {
  const { code, did, run, place } = await debugging({});
  assert.equal(code, 7);
  assert.match(run?.argv.at(-1) ?? "", /^python .*"scope_attach".*\(4242\)$/);
  assert.deepEqual([run?.traces, run?.namespaces, run?.pty], [4242, [], undefined]);
  assert.deepEqual([did.attached, did.needs], [[place.run], [{ files: true, writes: true }]]);
  assert.ok(place.seen.disposed);
});

Deno.test("gdb -p takes a pid on the node, and refuses a missing process or an invalid pid", async () => {
  const { did, run } = await debugging({ pid: "4242" });
  assert.deepEqual([did.needs, run?.traces], [[{ files: true, writes: true, nodePids: true }], 4242]);
  await assert.rejects(debugging({ pid: "4343" }), { kind: "notFound" });
  for (const pid of ["0", "-1", "web", "4242x", ""]) await assert.rejects(debugging({ pid }), { kind: "usage" }, pid);
});

Deno.test("gdb runs in a terminal of the window's size and type if there is one", async () => {
  const { run } = await debugging({}, [], { interactive: true });
  assert.deepEqual([run?.pty, run?.env], [{ columns: 100, rows: 30 }, { TERM: "xterm" }]);
});

Deno.test("gdb passes on files of this machine, and the arguments after --", async () => {
  const { run } = await debugging({ batch: true, command: ["cmd/watch.gdb"] }, ["-ex", "info threads"]);
  assert.deepEqual(JSON.parse(run?.env?.SCOPE_GDB_COMMANDS ?? ""), [{ name: "watch.gdb", text: "bt\n" }]);
  assert.deepEqual(run?.argv.slice(-2), ["-ex", "info threads"]);
});

Deno.test("gdb refuses a missing command file before it connects", async () => {
  const { context, did } = worldOf({ globals: { pod: "web" } });
  const plan = gdb.plan({ command: ["nope.gdb"] }, [], context.options);
  await assert.rejects(run(context, plan, read), { kind: "notFound" });
  assert.deepEqual(did.entered, []);
});

Deno.test("gdb --backtrace shows the stacks, and returns gdb's exit code", async () => {
  const { context, did, place } = worldOf({ globals: { pod: "web" }, processes: [first] });
  const done = gdb.run(context, { backtrace: true }, []);
  void place.print("stdout", '{"thread": 4242, "name": "httpd", "frames": []}\n{"stoppedMs": 12.3}\n');
  place.end(0);
  assert.equal(await done, 0);
  assert.deepEqual(did.events.map(({ type }) => type), ["gdb.thread", "gdb.summary"]);
  assert.deepEqual([place.seen.options?.traces, did.attached], [4242, []]);
});

Deno.test("gdb --backtrace takes no commands", async () => {
  await assert.rejects(debugging({ backtrace: true }, ["-ex", "bt"]), { kind: "usage" });
  await assert.rejects(debugging({ backtrace: true, command: ["cmd/watch.gdb"] }), { kind: "usage" });
});
