import { openState, runningBin } from "../../../tests/cluster/state.ts";
import { ROOT } from "../lib/paths.ts";
import { runShown } from "../lib/run.ts";

/** Command line of this checkout's scope. */
export const scope = `${ROOT}/scripts/scope`;

/** Returns the variables with which programs use the test cluster, which must be up. */
export function clusterEnvironment(): Record<string, string> {
  const state = openState();
  return { PATH: `${runningBin(state)}:${Deno.env.get("PATH")}`, KUBECONFIG: state.kubeconfig };
}

/** Runs kubectl in the namespace of the demo workloads, and returns its stdout. */
export async function kubectl(args: readonly string[], stdin?: string): Promise<string> {
  const env = clusterEnvironment();
  return await runShown(["kubectl", "-n", "demo", ...args], { env, ...(stdin !== undefined && { stdin }) });
}
