import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { managersOf } from "../e2e/ephemeral.ts";
import { debugPods } from "../e2e/kube.ts";
import { epochMs } from "../e2e/steady_client.ts";
import { type Aftermath, type Fault, together } from "./fault.ts";
import { Redirection } from "./redirection.ts";
import type { Scene } from "./scene.ts";

/** Returns the pid of the manager that redirects. */
async function managerPid({ via, namespace }: Scene, { app: { pod } }: Redirection): Promise<number> {
  const beside = via === "ephemeral"
    ? [pod]
    : (await debugPods(namespace.name)).filter(({ spec }) => spec.nodeName === pod.spec.nodeName);
  const [manager, ...more] = beside.flatMap(managersOf);
  assert.ok(manager !== undefined && more.length === 0, `there are ${more.length} managers more than one`);
  return manager.pid;
}

/**
 * Returns a fault that the redirect survives: new connections are answered all the time, and finally by the laptop again.
 */
function survived(name: string, happen: (scene: Scene, redirection: Redirection) => Promise<void>): Fault {
  return {
    name,
    async run(scene) {
      await using redirection = await Redirection.start(scene);
      const tables = await redirection.tables(), at = epochMs();
      await happen(scene, redirection);
      const interrupted = await redirection.interrupted(at, tables);
      await redirection.resumed(0, 60);
      return together(interrupted, await redirection.finish());
    },
  };
}

const kill = survived("kill-manager", async (scene, redirection) => {
  Deno.kill(await managerPid(scene, redirection), "SIGKILL");
});

const terminate = survived("sigterm-manager", async (scene, redirection) => {
  Deno.kill(await managerPid(scene, redirection), "SIGTERM");
});

const killRules = survived("kill-nft", (_scene, { app }) => {
  const [holder, ...more] = app.rules.holders();
  assert.ok(holder !== undefined && more.length === 0);
  Deno.kill(holder.pid, "SIGKILL");
  return Promise.resolve();
});

const freeze: Fault = {
  name: "freeze-manager",
  async run(scene) {
    await using redirection = await Redirection.start(scene);
    const pid = await managerPid(scene, redirection), tables = await redirection.tables();
    const at = epochMs();
    Deno.kill(pid, "SIGSTOP");
    let frozen: Aftermath;
    try {
      frozen = await redirection.interrupted(at, tables);
      await until("scope to notice", 30, () => redirection.count("redir.lost") > 0);
    } finally {
      Deno.kill(pid, "SIGCONT");
    }
    await redirection.resumed(0, 60);
    return together(frozen, await redirection.finish());
  },
};

const killBoth: Fault = {
  name: "kill-both",
  async run(scene) {
    await using redirection = await Redirection.start(scene);
    const pid = await managerPid(scene, redirection);
    const at = epochMs();
    Deno.kill(pid, "SIGKILL");
    redirection.scope.signal("SIGKILL");
    return await redirection.ended(at);
  },
};

export const managerFaults: readonly Fault[] = [kill, terminate, freeze, killBoth, killRules];
