import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { epochMs } from "../e2e/steady_client.ts";
import { SlowNetwork } from "../e2e/slow_network.ts";
import { killApiServer, reviveApiServer, untilClusterWorks } from "./api_server.ts";
import { type Aftermath, type Fault, together } from "./fault.ts";
import { Redirection } from "./redirection.ts";

const apiServer: Fault = {
  name: "kill-api-server",
  alone: true,
  settle: untilClusterWorks,
  async run(scene) {
    await using redirection = await Redirection.start(scene);
    const tables = await redirection.tables(), at = epochMs();
    await killApiServer();
    let gone: Aftermath;
    try {
      gone = await redirection.interrupted(at, tables);
    } finally {
      await reviveApiServer();
    }
    await redirection.resumed(0, 60);
    return together(gone, await redirection.finish());
  },
};

/** Interrupts scope while the API server, and with it the manager, cannot be reached. */
const interruptWithout: Fault = {
  name: "interrupt-without-api-server",
  alone: true,
  settle: untilClusterWorks,
  async run(scene) {
    await using redirection = await Redirection.start(scene);
    const at = epochMs();
    await killApiServer();
    try {
      await until("the loss", 20, () => redirection.count("redir.lost") > 0);
      redirection.scope.signal("SIGINT");
      assert.equal(await redirection.scope.exit(5), 130, redirection.scope.stderr);
      return await redirection.ended(at);
    } finally {
      await reviveApiServer();
    }
  },
};

const cut: Fault = {
  name: "cut-connection",
  async run(scene) {
    await using slowNetwork = await SlowNetwork.open();
    await using redirection = await Redirection.start(scene, { env: { KUBECONFIG: slowNetwork.kubeconfig } });
    const tables = await redirection.tables(), at = epochMs();
    slowNetwork.cut();
    const interrupted = await redirection.interrupted(at, tables);
    await redirection.resumed(0, 20);
    return together(interrupted, await redirection.finish());
  },
};

/** Drops bytes silently, as when a laptop changes its network. */
const block: Fault = {
  name: "block-connection",
  atOnce: 4,
  run: (scene) =>
    scene.withApp(async (app) => {
      await using slowNetwork = await SlowNetwork.open();
      await using redirection = await Redirection.start(scene, { app, env: { KUBECONFIG: slowNetwork.kubeconfig } });
      const at = epochMs();
      slowNetwork.block();
      const blocked = await redirection.ended(at, { frozen: true });
      await until("scope to notice", 30, () => redirection.count("redir.lost") > 0);
      slowNetwork.unblock();
      await redirection.resumed(0, 30);
      return together(blocked, await redirection.finish());
    }),
};

export const networkFaults: readonly Fault[] = [apiServer, interruptWithout, cut, block];
