import assert from "node:assert/strict";
import { delay } from "../cluster/delay.ts";
import { POD } from "../e2e/redirected.ts";
import { epochMs } from "../e2e/steady_client.ts";
import { type Aftermath, type Fault, together } from "./fault.ts";
import { Redirection } from "./redirection.ts";
import type { Scene } from "./scene.ts";

const kill: Fault = {
  name: "kill-cli",
  async run(scene) {
    await using redirection = await Redirection.start(scene);
    const at = epochMs();
    redirection.scope.signal("SIGKILL");
    return await redirection.ended(at);
  },
};

/** Time that a client stays frozen, in milliseconds, in general and in the suite: the manager drops the client after 4 s. */
const frozenMs = 20_000, brieflyFrozenMs = 7000;

const freeze: Fault = {
  name: "freeze-cli",
  atOnce: 4,
  run: (scene, { brief }) =>
    scene.withApp(async (app) => {
      await using redirection = await Redirection.start(scene, { app });
      const at = epochMs();
      redirection.scope.signal("SIGSTOP");
      const frozen = await redirection.ended(at, { frozen: true });
      await redirection.client.pastTime(at + (brief ? brieflyFrozenMs : frozenMs));
      assert.ok(redirection.client.requests.slice(-5).every(({ who }) => who === POD), "it resumed while frozen");
      redirection.scope.signal("SIGCONT");
      await redirection.resumed(0, 20);
      return together(frozen, await redirection.finish());
    }),
};

const interrupt: Fault = {
  name: "interrupt",
  async run(scene, { run }) {
    await using redirection = await Redirection.start(scene);
    return await redirection.finish(run % 2 === 0 ? "SIGINT" : "SIGTERM");
  },
};

/** Number of interrupted starts in one run. */
const moments = 2;

/** Interrupts the start at other moments in each run, so that all runs together cover the whole start. */
const interruptStart: Fault = {
  name: "sigterm-start",
  async run(scene, { run, runs }) {
    if (scene.startMs === 0) await (await Redirection.start(scene))[Symbol.asyncDispose](); // measures startMs
    const longest = Math.max(1500, scene.startMs * 1.2), all: Aftermath[] = [];
    for (let moment = 0; moment < moments; moment++) {
      all.push(await breakOff(scene, longest * (moment + (run + 0.5) / runs) / moments));
    }
    return together(...all);
  },
};

async function breakOff(scene: Scene, afterMs: number): Promise<Aftermath> {
  await using redirection = await Redirection.launch(scene);
  await delay(afterMs);
  const at = epochMs();
  redirection.scope.signal("SIGTERM");
  const code = await redirection.scope.exit(10);
  assert.equal(code, 143, `after ${Math.round(afterMs)} ms: ${redirection.scope.stderr}`);
  assert.doesNotMatch(redirection.scope.stderr, /^error:/m);
  return await redirection.ended(at);
}

export const clientFaults: readonly Fault[] = [kill, freeze, interrupt, interruptStart];
