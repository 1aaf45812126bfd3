import { apiServerArgs, controllerManagerArgs, type Credentials, etcdArgs, schedulerArgs } from "./components.ts";
import { ClusterError } from "./errors.ts";
import type { Kubectl } from "./kubectl.ts";
import type { Plan } from "./plan.ts";
import { alive, environment, start } from "./processes.ts";
import type { State } from "./state.ts";
import { until } from "./wait.ts";

/** Programs of the control plane, which run on the host. */
export const CONTROL_PLANE = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;

/** Starts etcd and the API server, and returns when the API server is ready. */
export async function startApi(
  state: State,
  plan: Plan,
  bin: string,
  kubectl: Kubectl,
  signal: AbortSignal,
): Promise<void> {
  launch(state, bin, etcdArgs(plan, state.path("etcd")));
  await ready(state, "etcd", 30, signal, async () => {
    const response = await fetch(`http://${plan.loopback}:2379/health`, { signal: AbortSignal.timeout(1000) });
    return (await response.text()).includes('"true"');
  });
  signal.throwIfAborted();
  await startApiServer(state, plan, bin, kubectl, signal);
}

/** Starts only the API server, with etcd running, and returns when it is ready. */
export async function startApiServer(
  state: State,
  plan: Plan,
  bin: string,
  kubectl: Kubectl,
  signal: AbortSignal,
): Promise<void> {
  launch(state, bin, apiServerArgs(plan, credentialsOf(state)));
  await ready(state, "kube-apiserver", 90, signal, async () => await kubectl(["get", "--raw", "/readyz"]) === "ok");
}

/** Starts the clients of the API server: the controller manager and the scheduler. */
export function startControllers(state: State, plan: Plan, bin: string): void {
  const credentials = credentialsOf(state);
  launch(state, bin, controllerManagerArgs(plan, credentials));
  launch(state, bin, schedulerArgs(plan, credentials));
}

export function credentialsOf(state: State): Credentials {
  return { path: (name) => state.path(`pki/${name}`) };
}

/** Returns true when the program runs; throws ClusterError when it has ended. */
export function isUp(state: State, name: string): boolean {
  const process = state.processes().get(name);
  if (process === undefined) return false; // its pid file is not written yet
  if (alive(process)) return true;
  throw new ClusterError(`Cannot keep "${name}" running`, logHint(state, name));
}

export function logHint(state: State, name: string): string {
  return `see "${state.path(`logs/${name}.log`)}"`;
}

function launch(state: State, bin: string, argv: string[]) {
  const [name = ""] = argv;
  start(argv, {
    pidFile: state.path(`pids/${name}`),
    log: state.path(`logs/${name}.log`),
    env: environment(bin, state.directory),
    cwd: state.directory,
  });
}

async function ready(state: State, name: string, limit: number, signal: AbortSignal, probe: () => Promise<boolean>) {
  await until(`${name} to be ready`, limit, async () => isUp(state, name) && await probe().catch(() => false), {
    signal,
    hint: logHint(state, name),
  });
}
