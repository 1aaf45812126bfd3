/** Tests that the pod answers again, without leftovers of scope, whatever dies, freezes or is cut off during redir. */
import assert from "node:assert/strict";
import { type Fault, RECOVERY_MS } from "../faults/fault.ts";
import { faults } from "../faults/faults.ts";
import { Scene } from "../faults/scene.ts";

Deno.test("redir recovers from every fault, by both ways", async (t) => {
  await using node = await Scene.open("node");
  await using ephemeral = await Scene.open("ephemeral");
  for (const fault of faults) {
    await t.step(`${fault.name}: the app answers again within ${RECOVERY_MS} ms, and nothing is left`, async () => {
      if (fault.alone) { for (const scene of [node, ephemeral]) await check(fault, scene); }
      else await Promise.all([node, ephemeral].map((scene) => check(fault, scene)));
      await fault.settle?.();
    });
  }
});

async function check({ run }: Fault, scene: Scene): Promise<void> {
  const { recoveryMs = 0, leaks } = await run(scene, { run: 0, runs: 1, brief: true });
  assert.deepEqual(leaks, [], scene.via);
  assert.ok(recoveryMs <= RECOVERY_MS, `it took ${recoveryMs} ms by ${scene.via}`);
}
