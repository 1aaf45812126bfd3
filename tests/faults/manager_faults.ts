import assert from "node:assert/strict";
import { managersOf } from "../e2e/ephemeral.ts";
import { debugPods } from "../e2e/kube.ts";
import { epochMs } from "../e2e/steady_client.ts";
import { type Fault, together } from "./fault.ts";
import { Redirection } from "./redirection.ts";
import type { Scene } from "./scene.ts";

/** The process of the manager that redirects. */
async function managerPid({ via, namespace }: Scene, { app: { pod } }: Redirection): Promise<number> {
  const beside = via === "ephemeral"
    ? [pod]
    : (await debugPods(namespace.name)).filter(({ spec }) => spec.nodeName === pod.spec.nodeName);
  const [manager, ...more] = beside.flatMap(managersOf);
  assert.ok(manager !== undefined && more.length === 0, `there are ${more.length} managers more than one`);
  return manager.pid;
}

const kill: Fault = {
  name: "kill-manager",
  async run(scene) {
    await using redirection = await Redirection.start(scene);
    const pid = await managerPid(scene, redirection), tables = await redirection.tables();
    const at = epochMs();
    Deno.kill(pid, "SIGKILL");
    const interrupted = await redirection.interrupted(at, tables);
    await redirection.resumed(0, 60);
    return together(interrupted, await redirection.finish());
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

export const managerFaults: readonly Fault[] = [kill, killBoth];
