import assert from "node:assert/strict";
import { pids } from "../../../../src/features/pids/command.ts";
import { first } from "../../target_client.ts";
import { worldOf } from "../world.ts";

const globals = { namespace: "shop", pod: "web" };

Deno.test("pids shows the processes of the target", async () => {
  const { context, did, place } = worldOf({ globals, processes: [first] });
  assert.equal(await pids.run(context, {}, []), 0);
  assert.deepEqual([did.entered, did.events, place.seen.disposed], [[{ pod: "web" }], [first], true]);
});
