import type { Command } from "../command.ts";
import { targetQuery } from "../options.ts";

export const pids: Command = {
  name: "pids",
  summary: "List the target's processes by their pids on the node",
  examples: [
    ["scope -n shop -p web pids", "the processes of all containers of the pod"],
    ["scope -n shop -p web -o json pids", "the same, a JSON object a line"],
  ],
  async run(context) {
    await using beside = await context.enter(targetQuery(context.options));
    return await context.show(await beside.processes());
  },
};
