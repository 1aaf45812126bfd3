/** Tests that the pod answers again, without leftovers of scope, whatever dies, freezes or is cut off during redir. */
import assert from "node:assert/strict";
import { RECOVERY_MS } from "../faults/fault.ts";
import { faults } from "../faults/faults.ts";
import { Scene } from "../faults/scene.ts";
import { overWays } from "./ways.ts";

overWays("redir", async (t, { via }) => {
  await using scene = await Scene.open(via);
  for (const { name, run, settle } of faults) {
    await t.step(`${name}: the app answers again within ${RECOVERY_MS} ms, and nothing is left`, async () => {
      const { recoveryMs = 0, leaks } = await run(scene, { run: 0, runs: 1, brief: true });
      await settle?.();
      assert.deepEqual(leaks, []);
      assert.ok(recoveryMs <= RECOVERY_MS, `it took ${recoveryMs} ms`);
    });
  }
});
