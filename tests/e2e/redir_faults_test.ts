/** Tests that the pod answers again, without leftovers of scope, whatever dies, freezes or is cut off during redir. */
import assert from "node:assert/strict";
import type { Fault } from "../faults/fault.ts";
import { faults } from "../faults/faults.ts";
import { Scene } from "../faults/scene.ts";

/** Number of faults at once, each in pods of its own: they mostly wait. */
const AT_ONCE = 3;
/** Deno cannot tell what steps that run at once leave open. */
const atOnce = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

Deno.test("redir recovers from every fault, by both ways", atOnce, async (t) => {
  const alone = faults.filter(({ alone }) => alone), others = faults.filter(({ alone }) => !alone);
  const step = ({ name, run }: Fault, body: (check: (scene: Scene) => Promise<void>) => Promise<void>) =>
    t.step({
      ...atOnce,
      name: `${name}: the app answers again, and nothing is left`,
      fn: () => body((scene) => check(run, scene)),
    });
  await all(Array.from({ length: AT_ONCE }, async () => {
    await using scenes = await Scenes.open();
    for (let fault = others.shift(); fault !== undefined; fault = others.shift()) {
      await step(fault, (check) => all([check(scenes.node), check(scenes.ephemeral)]));
    }
  }));
  await using scenes = await Scenes.open();
  try {
    for (const fault of alone) {
      await step(fault, async (check) => {
        await check(scenes.node);
        await check(scenes.ephemeral);
      });
    }
  } finally {
    for (const settle of new Set(alone.map(({ settle }) => settle))) await settle?.();
  }
});

/** One scene for each way. */
class Scenes implements AsyncDisposable {
  private constructor(readonly node: Scene, readonly ephemeral: Scene) {}

  static async open(): Promise<Scenes> {
    const [node, ephemeral] = await Promise.all([Scene.open("node"), Scene.open("ephemeral")]);
    return new Scenes(node, ephemeral);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]();
    await this.ephemeral[Symbol.asyncDispose]();
  }
}

/** Waits until all have ended, also if one fails: the next fault must not meet this one. */
async function all(running: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(running)) if (result.status === "rejected") throw result.reason;
}

async function check(run: Fault["run"], scene: Scene): Promise<void> {
  const { recoveryMs = 0, leaks } = await run(scene, { run: 0, runs: 1, brief: true });
  assert.deepEqual(leaks, [], scene.via);
  assert.ok(recoveryMs < Infinity, `the app does not answer again by ${scene.via}`);
}
