import assert from "node:assert/strict";
import type { Event } from "../../../../src/event.ts";
import { cleanup } from "../../../../src/features/pods/cleanup_command.ts";
import { copy } from "../../../../src/features/pods/copy_command.ts";
import { list } from "../../../../src/features/pods/list_command.ts";
import { run as runCleanup } from "../../../../src/features/pods/run_cleanup.ts";
import { run as runCopy } from "../../../../src/features/pods/run_copy.ts";
import { run as runLaunch } from "../../../../src/features/pods/run_launch.ts";
import { run as runList } from "../../../../src/features/pods/run_list.ts";
import type { RawOptions } from "../../../../src/options.ts";
import { refuses } from "../../refuses.ts";
import { worldOf } from "../world.ts";

const time = "2026-01-01T00:00:00.000Z";
const debugPod: Event = {
  type: "list.debug-pod",
  time,
  name: "scope-a",
  namespace: "shop",
  node: "a",
  image: "i",
  status: "Running",
  version: "1",
  created: time,
};
const globals = { namespace: "shop", pod: "web" };

Deno.test("launch shows the debug pod of the target's node", async () => {
  const { context, did, ports } = worldOf({ globals, debugPods: [debugPod] });
  assert.equal(await runLaunch(context, undefined, ports.makeDebugPods), 0);
  assert.deepEqual([did.launched, did.events], [[{ pod: "web" }], [debugPod]]);
});

Deno.test("list shows the debug pods, with -A those of all namespaces", async () => {
  const { context, did, ports } = worldOf({ debugPods: [debugPod] });
  for (const options of [{}, { allNamespaces: true }]) {
    await runList(context, list.plan(options, [], context.options), ports.makeDebugPods);
  }
  assert.deepEqual([did.listed, did.events, did.said], [[false, true], [debugPod, debugPod], []]);
});

Deno.test("list says that there is none, to people only", async () => {
  const text = worldOf({});
  assert.equal(await runList(text.context, { everywhere: false }, text.ports.makeDebugPods), 0);
  assert.match(text.did.said.join("\n"), /nothing of scope's in this namespace; -A/);
  const json = worldOf({ globals: { output: "json" } });
  await runList(json.context, { everywhere: false }, json.ports.makeDebugPods);
  assert.deepEqual(json.did.said, []);
});

async function copying(globals: RawOptions, options: RawOptions, words: string[] = []) {
  const { context, did, ports } = worldOf({ globals, debugPods: [debugPod] });
  return { code: await runCopy(context, copy.plan(options, words, context.options), ports.copyPod), did };
}

Deno.test("copy shows the copy of the target", async () => {
  const { code, did } = await copying({ pod: "web", container: "app" }, {});
  assert.equal(code, 0);
  assert.deepEqual(did.copied, [[{ pod: "web", container: "app" }, { shareProcesses: false, anyNode: false }]]);
  assert.deepEqual(did.events, [debugPod]);
});

Deno.test("copy takes the command from either place", async () => {
  const given = async (...args: [RawOptions, string[]?]) =>
    (await copying(globals, ...args)).did.copied[0]?.[1].command;
  assert.deepEqual(await given({ command: ["sleep", "9"] }), ["sleep", "9"]);
  assert.deepEqual(await given({}, ["sh", "-c", "a; b"]), ["sh", "-c", "a; b"]);
  await refuses(copying(globals, { command: ["sleep"] }, ["sh"]), "The command is given twice");
});

Deno.test("copy passes its options on", async () => {
  const options = { name: "mine", image: "other:1", shareProcesses: true, anyNode: true };
  assert.deepEqual((await copying(globals, options)).did.copied, [[{ pod: "web" }, options]]);
});

Deno.test("copy refuses --terminate", async () => {
  await refuses(copying({ ...globals, terminate: true }, {}), "Option --terminate makes no sense for a copy");
});

for (
  const [globals, options, removed] of [
    [{ pod: "all" }, {}, ["all", false]],
    [{ pod: "web" }, {}, ["web", false]],
    [{ pod: "web" }, { pod: "all" }, ["all", false]],
    [{}, { pod: "web", allNamespaces: true }, ["web", true]],
  ] as [RawOptions, RawOptions, [string, boolean]][]
) {
  Deno.test(`cleanup of ${JSON.stringify(globals)} and ${JSON.stringify(options)} removes ${removed[0]}`, async () => {
    const { context, did, ports } = worldOf({ globals, debugPods: [debugPod] });
    assert.equal(await runCleanup(context, cleanup.plan(options, [], context.options), ports.makeDebugPods), 0);
    assert.deepEqual([did.removed, did.events], [[removed], [debugPod]]);
  });
}

Deno.test("cleanup removes nothing when nothing says what", async () => {
  const { context, did } = worldOf({});
  await refuses(cleanup.run(context, {}, []), "No debug pod or copy specified");
  await refuses(cleanup.run(context, { allNamespaces: true }, []), "No debug pod or copy specified");
  assert.deepEqual(did.removed, []);
});
