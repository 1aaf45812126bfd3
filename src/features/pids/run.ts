import type { Context } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import { targetQuery } from "../../options.ts";
import { needs } from "./command.ts";

/** Shows the processes of all containers of the target's pod. */
export async function run(context: Context): Promise<number> {
  const query = targetQuery(context.options);
  await using client = await context.enter(query, needs);
  const processes = await client.processes();
  if (processes.length === 0) {
    const { namespace, pod } = client.target;
    throw new ScopeError("unreachable", `No container of pod "${namespace}/${pod}" runs`, {
      hint: `kubectl describe pod -n ${namespace} ${pod} says why; scope shell still reaches its network`,
    });
  }
  if (client.way === "ephemeral") {
    context.notice("the pids are those of the target's own pid namespace; --via node tells the node's");
    const seen = new Set(processes.map(({ container }) => container));
    const { containers } = client.target;
    const unseen = query.container !== undefined
      ? []
      : containers.filter(({ id, name }) => id !== "" && !seen.has(name));
    for (const { name } of unseen) {
      context.notice(
        `container "${name}" is not seen from here: give --container ${name}, or --via node for all at once`,
      );
    }
  }
  return await context.show(processes);
}
