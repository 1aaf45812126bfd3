import { onAbort } from "../lib/on_abort.ts";
import { ScopeError } from "../errors.ts";
import type { Cluster } from "../kube/cluster.ts";
import { execStream } from "../kube/exec.ts";
import type { Target } from "../target.ts";

/**
 * Lets the container runtime run a command in the target's container, until the command ends or `signal` is aborted.
 * Rejects with ScopeError when the command fails.
 */
export async function runtimeExec(
  cluster: Cluster,
  { namespace, pod, container }: Target,
  command: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const stream = await execStream(cluster, { namespace, pod, container: container.name, command: [...command] });
  using _abort = onAbort(signal, () => stream.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      stream.resume().on("close", resolve).on("error", reject);
    });
  } catch (error) {
    throw runtimeExecError(error, `"${namespace}/${pod}", container "${container.name}"`);
  }
}

function runtimeExecError(error: unknown, where: string): unknown {
  if (!(error instanceof ScopeError) || error.missing !== undefined) return error;
  const message = error.kind === "denied" ? error.message : `The container runtime lets nothing into ${where}`;
  return new ScopeError(error.kind, message, {
    cause: error,
    hint: `${error.hint ?? error.message}; or use --via node`,
  });
}
