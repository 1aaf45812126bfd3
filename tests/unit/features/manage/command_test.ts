import assert from "node:assert/strict";
import { manage } from "../../../../src/features/manage/command.ts";
import { run } from "../../../../src/features/manage/run.ts";
import { ScopeError } from "../../../../src/errors.ts";
import type { RawOptions } from "../../../../src/options.ts";
import { worldOf } from "../world.ts";

const globals = { namespace: "shop", pod: "web" };

for (
  const [options, message, more] of [
    [{ port: "0" }, 'Option --port cannot be "0"'],
    [{ port: "65536" }, 'Option --port cannot be "65536"'],
    [{ port: "abc" }, 'Option --port cannot be "abc"'],
    [{ port: "-1" }, 'Option --port cannot be "-1"'],
    [{ port: "80.5" }, 'Option --port cannot be "80.5"'],
    [{ port: "" }, 'Option --port cannot be ""'],
    [{ socket: "" }, "Option --socket needs a value"],
    [{ socket: "/tmp/a", port: "80" }, "Options --socket and --port do not go together"],
    [{}, 'Command "manage" does not go with --via local', { via: "local" }],
  ] as [RawOptions, string, RawOptions?][]
) {
  Deno.test(`manage refuses ${JSON.stringify({ ...options, ...more })} before it goes anywhere`, async () => {
    const { context, did } = worldOf({ globals: { ...globals, ...more } });
    await assert.rejects(manage.run(context, options, []), (error) => {
      assert.ok(error instanceof ScopeError);
      assert.deepEqual([error.kind, error.message], ["usage", message]);
      return true;
    });
    assert.deepEqual([did.managed, did.said], [[], []]);
  });
}

for (
  const [options, place, warnings] of [
    [{}, {}, 0],
    [{ socket: "web.sock" }, { socket: "web.sock" }, 0],
    [{ port: "1" }, { port: 1 }, 1],
    [{ port: "65535" }, { port: 65535 }, 1],
  ] as [RawOptions, object, number][]
) {
  Deno.test(`manage ${JSON.stringify(options)} serves there, and warns of what others may do`, async () => {
    const { context, did, ports } = worldOf({ globals, shown: 130 });
    assert.equal(await run(context, manage.plan(options, [], context.options), ports), 130);
    assert.deepEqual(did.managed.map(([query, , place]) => [query, place]), [[{ pod: "web" }, place]]);
    assert.equal(did.said.filter((text) => text.startsWith("anybody on this machine who can")).length, warnings);
  });
}

Deno.test("manage goes on in the background where stdout is a pipe, so that who reads the name need not wait", async () => {
  const { context, did, ports } = worldOf({ globals, piped: true });
  assert.equal(await run(context, manage.plan({ port: "8087" }, [], context.options), ports), 0);
  assert.deepEqual([did.managed, did.background], [[], [["--foreground", "--idle", "600"]]]);
  assert.deepEqual(did.said, [
    "serving at unix:/tmp/scope-b2/manager.sock in the background, until nobody has used it for 10 minutes; kill 4242 ends it",
  ]);
});

Deno.test("manage --foreground stays, whatever stdout is, and --idle says how long without callers", async () => {
  const { context, did, ports } = worldOf({ globals, piped: true, shown: 130 });
  const plan = manage.plan({ foreground: true, idle: "600" }, [], context.options);
  assert.equal(await run(context, plan, ports), 130);
  assert.deepEqual([did.managed.map(([, , place]) => place), did.background], [[{ idleMs: 600_000 }], []]);
});
