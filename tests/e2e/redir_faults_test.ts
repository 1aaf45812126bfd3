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
      try {
        if (fault.alone) {
          await check(fault, node);
          await check(fault, ephemeral);
        } else await both(check(fault, node), check(fault, ephemeral));
      } finally {
        await fault.settle?.();
      }
    });
  }
});

/** Waits until both have ended, also if one fails: the next fault must not meet this one. */
async function both(...checks: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(checks)) if (result.status === "rejected") throw result.reason;
}

async function check({ run }: Fault, scene: Scene): Promise<void> {
  const { recoveryMs = 0, leaks } = await run(scene, { run: 0, runs: 1, brief: true });
  assert.deepEqual(leaks, [], scene.via);
  assert.ok(recoveryMs <= RECOVERY_MS, `it took ${recoveryMs} ms by ${scene.via}`);
}
