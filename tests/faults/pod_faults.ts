import assert from "node:assert/strict";
import { delay } from "../cluster/delay.ts";
import { until } from "../cluster/wait.ts";
import { LAPTOP, LocalServers } from "../e2e/local_servers.ts";
import { getPod, getPods, isRunning, kubectl, type Pod } from "../e2e/kube.ts";
import { describe, podProcesses } from "../e2e/node_processes.ts";
import { appContainer, HTTP_PORT, POD } from "../e2e/redirected.ts";
import { epochMs, recoveryMs } from "../e2e/steady_client.ts";
import { type Fault, PROCESSES_MS, together } from "./fault.ts";
import { Redirection } from "./redirection.ts";
import { removePod, type Scene } from "./scene.ts";

async function restarts(pod: Pod): Promise<number> {
  const { status } = await getPod(pod.metadata.namespace, pod.metadata.name);
  return (status.containerStatuses![0] as unknown as { restartCount: number }).restartCount;
}

const restart: Fault = {
  name: "restart-container",
  run: (scene) =>
    scene.withApp(async (app) => {
      await using redirection = await Redirection.start(scene, { app });
      const httpd = podProcesses(app.pod.metadata.uid).find(({ argv }) => argv[0] === "httpd");
      Deno.kill(httpd!.pid, "SIGKILL");
      await until("the container to start again", 20, async () => await restarts(app.pod) === 1);
      const at = epochMs(); // before that, no app could answer
      const recoveryMs = await redirection.recovery(at, [POD, LAPTOP]);
      await redirection.client.until(LAPTOP, 60);
      return together({ recoveryMs, leaks: [] }, await redirection.finish());
    }),
};

const deletePod: Fault = {
  name: "delete-pod",
  async run(scene) {
    const app = await scene.makeApp(), { metadata } = app.pod;
    await using redirection = await Redirection.start(scene, { app });
    const at = epochMs();
    await removePod(app.pod);
    assert.equal(await redirection.scope.exit(15), 69, redirection.scope.stderr);
    assert.match(
      redirection.scope.stderr,
      new RegExp(`^error: Pod "${scene.namespace.name}/${metadata.name}" .*\\nhint: choose a pod that runs`, "m"),
    );
    const ours = () => podProcesses(metadata.uid);
    const leaks: string[] = [];
    await until("the pod to end", (at + PROCESSES_MS - epochMs()) / 1000, () => ours().length === 0).catch(() => {
      leaks.push(`processes after ${PROCESSES_MS} ms: ${describe(ours()).join(", ")}`);
    });
    return { leaks };
  },
};

/** Creates a Deployment with one pod. */
async function deploy(scene: Scene, name: string): Promise<Pod> {
  const labels = { workload: name };
  await kubectl(["create"], {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: scene.namespace.name },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [appContainer] } },
    },
  });
  return await podOf(scene, name);
}

/** Waits for the running pod of the workload that is none of `others`. */
async function podOf({ namespace }: Scene, name: string, ...others: Pod[]): Promise<Pod> {
  let found: Pod | undefined;
  await until(`a pod of ${name}`, 30, async () => {
    const pods = await getPods(namespace.name, `workload=${name}`);
    found = pods.find((pod) =>
      isRunning(pod) && pod.metadata.deletionTimestamp === undefined &&
      others.every(({ metadata }) => metadata.uid !== pod.metadata.uid)
    );
    return found !== undefined;
  });
  return found!;
}

const follow: Fault = {
  name: "replace-pod",
  async run(scene, { run }) {
    const name = `follow-${run}`, pod = await deploy(scene, name);
    const whom = run % 2 === 0 ? ["-l", `workload=${name}`] : ["-p", `deployment/${name}`];
    await using redirection = await Redirection.start(scene, { app: scene.appOf(pod), whom });
    await removePod(pod);
    const next = scene.appOf(await podOf(scene, name, pod));
    await using client = scene.bystander.client(next.pod);
    await client.until(LAPTOP, 60);
    const at = epochMs();
    redirection.scope.signal("SIGINT");
    assert.equal(await redirection.scope.exit(10), 130, redirection.scope.stderr);
    assert.match(redirection.scope.stdout, /"redir.left".*it (ends|was deleted)/);
    await client.pastTime(at + 4000);
    const leaks = next.rules.holders().map(({ argv }) => argv.join(" "));
    await next.rules.untilNoTable(5).catch(({ message }) => leaks.push(message));
    await kubectl(["-n", scene.namespace.name, "delete", "deployment", name, "--wait=false"]);
    return { recoveryMs: recoveryMs(client.requests, at, [POD]), leaks };
  },
};

/** Liveness probe of the app: its failures restart the container. */
const livenessProbe = {
  httpGet: { path: "/", port: HTTP_PORT },
  periodSeconds: 2,
  timeoutSeconds: 2,
  failureThreshold: 2,
};

const probes: Fault = {
  name: "probe-while-404",
  atOnce: 4,
  run: (scene, { brief }) =>
    scene.withApp(
      async (app) => {
        await using laptop = await LocalServers.open();
        laptop.status = 404;
        await using redirection = await Redirection.start(scene, { app, args: [`${HTTP_PORT}:${laptop.httpPort}`] });
        await delay(brief ? 12_000 : 60_000);
        await redirection.client.until(LAPTOP, 5);
        assert.equal(await restarts(app.pod), 0);
        const finished = await redirection.finish();
        assert.equal(await restarts(app.pod), 0);
        return finished;
      },
      {},
      { livenessProbe },
    ),
};

export const podFaults: readonly Fault[] = [restart, deletePod, follow, probes];
