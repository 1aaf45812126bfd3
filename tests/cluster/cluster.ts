import { buildPrograms } from "./build.ts";
import { cleanUp } from "./cleanup.ts";
import { startApi, startControllers } from "./control_plane.ts";
import { inspect } from "./health.ts";
import { buildImages } from "./images.ts";
import { type Kubectl, kubectlOf } from "./kubectl.ts";
import { loadImages } from "./load.ts";
import { bridgeCommands } from "./network.ts";
import { ip, startNode } from "./node.ts";
import { nodeObject } from "./node_config.ts";
import { installPackages } from "./packages.ts";
import { issue } from "./pki.ts";
import { planCluster } from "./plan.ts";
import type { Progress } from "./progress.ts";
import { claimSlot } from "./slots.ts";
import type { State } from "./state.ts";
import { until } from "./wait.ts";
import { applyWorkloads, manifestsHash } from "./workloads.ts";

const WAITING = "waiting for another scripts/cluster of this checkout";

/** Brings the cluster up; does nothing when it runs already, and replaces one that runs only in part. */
export async function up(state: State, progress: Progress, signal: AbortSignal): Promise<void> {
  using _lock = await state.lock(() => progress.step(WAITING), signal);
  if (await isHealthy(state)) {
    if (state.read("applied") === manifestsHash()) return progress.say("the cluster is up already");
    await applyWorkloads(state, kubectlOf(state, state.bin!, signal), progress, signal);
    return progress.say("the cluster was up; the demo workloads are as in the checkout now");
  }
  await cleanUp(state);
  await installPackages(progress, signal);
  const bin = await buildPrograms(state.cache, progress, signal);
  progress.step("making the images of the demo workloads");
  const images = await buildImages(state.cache, bin, signal);
  const failed = new AbortController();
  try {
    await bringUp(state, bin, images, progress, AbortSignal.any([signal, failed.signal]), failed);
  } catch (error) {
    await cleanUp(state);
    throw error;
  }
  progress.say("the cluster is up");
}

/** Ends the cluster and removes everything except its logs. */
export async function down(state: State, progress: Progress, signal: AbortSignal): Promise<void> {
  using _lock = await state.lock(() => progress.step(WAITING), signal);
  progress.step("ending the cluster");
  await cleanUp(state);
  progress.say("the cluster is down");
}

export async function isHealthy(state: State): Promise<boolean> {
  const { bin } = state;
  return bin !== undefined && (await inspect(state, kubectlOf(state, bin))).every(({ ok }) => ok);
}

async function bringUp(
  state: State,
  bin: string,
  images: string[],
  progress: Progress,
  signal: AbortSignal,
  failed: AbortController,
) {
  const plan = planCluster(await claimSlot(state));
  state.write("bin", bin);
  await Deno.remove(state.path("logs"), { recursive: true }).catch(() => {});
  for (const name of ["pids", "logs"]) await Deno.mkdir(state.path(name), { recursive: true });
  progress.step("making keys and certificates");
  await issue(plan, state.path("pki"), signal);

  progress.step("starting etcd, the API server and the nodes");
  const kubectl = kubectlOf(state, bin, signal);
  await ip(bridgeCommands(plan), []);
  const nodes = plan.nodes.map((node) => startNode(state, plan, node, bin, signal));
  await allSettled(failed, [
    ...nodes,
    Promise.all(nodes).then(() => loadImages(state, images, signal)),
    startApi(state, plan, bin, kubectl, signal).then(() => {
      startControllers(state, plan, bin);
      const list = { apiVersion: "v1", kind: "List", items: plan.nodes.map(nodeObject) };
      return kubectl(["create", "--filename=-"], JSON.stringify(list));
    }),
  ]);
  progress.step("waiting for the nodes to be ready");
  for (const node of nodes) await (await node).go();
  await waitForNodes(state, kubectl, signal);
  await applyWorkloads(state, kubectl, progress, signal);
}

/** Waits for all tasks, and aborts the others when one fails: no task may start anything after the clean-up has begun. */
async function allSettled(failed: AbortController, tasks: Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(tasks.map((task) =>
    task.catch((error) => {
      failed.abort(error);
      throw error;
    })
  ));
  for (const result of results) if (result.status === "rejected") throw failed.signal.reason;
}

async function waitForNodes(state: State, kubectl: Kubectl, signal: AbortSignal) {
  let missing = "";
  await until("the nodes to be ready", 60, async () => {
    const bad = (await inspect(state, kubectl)).filter(({ ok }) => !ok);
    missing = bad.map(({ name, detail }) => `${name} is ${detail}`).join("; ");
    return bad.length === 0;
  }, { signal, every: 200, missing: () => missing, hint: `see "${state.path("logs")}"` });
}
