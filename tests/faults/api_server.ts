import { startApiServer, startControllers } from "../cluster/control_plane.ts";
import { kubectlOf } from "../cluster/kubectl.ts";
import { planCluster } from "../cluster/plan.ts";
import { kill } from "../cluster/processes.ts";
import { openState } from "../cluster/state.ts";
import { until } from "../cluster/wait.ts";
import { getPod, isRunning, kubectl } from "../e2e/kube.ts";

/** Kills the API server of this checkout's cluster. */
export async function killApiServer(): Promise<void> {
  await end("kube-apiserver");
}

/** Starts the API server again, and returns when it is ready. */
export async function reviveApiServer(): Promise<void> {
  const state = openState(), { bin, slot } = state;
  if (bin === undefined || slot === undefined) throw new Error("there is no cluster of this checkout");
  const plan = planCluster(slot), signal = AbortSignal.timeout(120_000);
  await startApiServer(state, plan, bin, kubectlOf(state, bin, signal), signal);
  for (const name of ["kube-controller-manager", "kube-scheduler"]) await end(name);
  startControllers(state, plan, bin);
}

/** Waits until every node runs new pods: a kubelet may need a minute to reconnect to the API server. */
export async function untilClusterWorks(): Promise<void> {
  const { slot } = openState();
  if (slot !== undefined) await Promise.all(planCluster(slot).nodes.map(({ name }) => untilPodsRun(name)));
}

/** Kills a program of the control plane, and removes its pid file. */
async function end(name: string): Promise<void> {
  const state = openState(), process = state.processes().get(name);
  if (process === undefined) throw new Error(`there is no ${name}`);
  await kill([process]);
  await Deno.remove(state.path(`pids/${name}`));
}

async function untilPodsRun(nodeName: string): Promise<void> {
  const name = `revived-${crypto.randomUUID().slice(0, 8)}`;
  await kubectl(["create"], {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: { nodeName, containers: [{ name: "main", image: "localhost/agnhost:1" }], terminationGracePeriodSeconds: 0 },
  });
  await until(`${nodeName} to run a pod`, 120, async () => isRunning(await getPod("default", name)), { every: 250 });
  await kubectl(["-n", "default", "delete", "pod", name, "--wait=false"]);
}
