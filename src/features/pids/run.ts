import type { Context } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import { targetQuery } from "../../options.ts";
import { needs } from "./command.ts";

/** Shows the processes of all containers of the target's pod. */
export async function run(context: Context): Promise<number> {
  const query = targetQuery(context.options);
  await using beside = await context.enter(query, needs);
  const processes = await beside.processes();
  if (processes.length === 0) {
    const { namespace, pod } = beside.target;
    throw new ScopeError("unreachable", `No container of pod "${namespace}/${pod}" runs`, {
      hint: `kubectl describe pod -n ${namespace} ${pod} says why; scope shell still reaches its network`,
    });
  }
  if (beside.way === "ephemeral") {
    context.say("the pids are those of the target's own pid namespace; --via node tells the node's");
    const seen = new Set(processes.map(({ container }) => container));
    const { containers } = beside.target;
    const unseen = query.container !== undefined
      ? []
      : containers.filter(({ id, name }) => id !== "" && !seen.has(name));
    for (const { name } of unseen) {
      context.say(
        `container "${name}" is not seen from here: give --container ${name}, or --via node for all at once`,
      );
    }
  }
  return await context.show(processes);
}
