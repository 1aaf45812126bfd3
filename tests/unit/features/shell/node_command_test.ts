import assert from "node:assert/strict";
import { node } from "../../../../src/features/shell/node_command.ts";
import { refuses } from "../../refuses.ts";
import type { World } from "../world.ts";
import { worldOf } from "../world.ts";

async function onNode(words: string[], world: World = {}) {
  const { context, did, place } = worldOf(world);
  return { code: await node.run(context, {}, words), did, run: place.seen.options, place };
}

Deno.test("node runs a shell in the namespaces of the node's first process, with $SCOPE_ROOT set", async () => {
  const { code, did, run, place } = await onNode(["node1"], { interactive: true });
  assert.deepEqual([code, did.nodes, did.attached, place.seen.disposed], [7, ["node1"], [place.run], true]);
  assert.deepEqual([run?.argv[0], run?.namespaces, run?.pid], ["bash", ["net", "pid", "uts", "ipc"], 1]);
  assert.deepEqual([run?.pty, run?.env], [{ columns: 100, rows: 30 }, { TERM: "xterm", SCOPE_ROOT: "/host" }]);
});

Deno.test("node passes a command on unchanged", async () => {
  const { run, did } = await onNode(["node1", "ls", "-l", "--"]);
  assert.deepEqual([run?.argv, run?.pty, did.said], [["ls", "-l", "--"], undefined, []]);
  assert.deepEqual((await onNode(["node1", "--", "-odd"])).run?.argv, ["-odd"]);
});

Deno.test("node refuses an option after the name, and a way to pods", async () => {
  await refuses(onNode(["node1", "-o", "json"]), 'Option "-o" stands behind the node\'s name');
  await refuses(onNode(["node1"], { globals: { via: "local" } }), "There is no way to a node by --via local");
});
