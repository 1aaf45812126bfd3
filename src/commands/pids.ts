import type { Command } from "../command.ts";
import { ScopeError } from "../errors.ts";
import { targetQuery } from "../options.ts";

/** Without the target's files there are no names of users and no ports. */
const needs = { files: "wanted" } as const;

export const pids: Command = {
  name: "pids",
  summary: "List the target's processes by their pids on the node",
  needs,
  examples: [
    ["scope -n shop -p web pids", "the processes of all containers of the pod"],
    ["scope -n shop -p web -o json pids", "the same, a JSON object a line"],
  ],
  async run(context) {
    await using beside = await context.enter(targetQuery(context.options), needs);
    const processes = await beside.processes();
    if (processes.length === 0) {
      const { namespace, pod } = beside.target;
      throw new ScopeError("unreachable", `No container of pod "${namespace}/${pod}" runs`, {
        hint: `kubectl describe pod -n ${namespace} ${pod} says why; scope shell still reaches its network`,
      });
    }
    return await context.show(processes);
  },
};
