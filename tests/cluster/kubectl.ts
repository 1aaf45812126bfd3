import { run } from "./processes.ts";
import type { State } from "./state.ts";

/** Runs the built kubectl as the cluster's administrator and returns its stdout. */
export type Kubectl = (args: readonly string[], stdin?: string) => Promise<string>;

export function kubectlOf(state: State, bin: string, signal?: AbortSignal): Kubectl {
  const always = [`${bin}/kubectl`, `--kubeconfig=${state.kubeconfig}`, `--cache-dir=${state.path("kubectl")}`];
  return (args, stdin) =>
    run([...always, ...args], {
      env: { KUBECONFIG: "" },
      ...(stdin !== undefined && { stdin }),
      ...(signal && { signal }),
    });
}
