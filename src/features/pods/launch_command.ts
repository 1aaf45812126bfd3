import type { Command } from "../../command.ts";
import { targetQuery } from "../../options.ts";

export const launch: Command = {
  name: "launch",
  summary: "Start the debug pod of the target's node, and keep it for the next commands",
  asks: ["target", "node"],
  examples: [["scope -n shop -p web launch", "so that the next command answers at once"]],
  async run(context) {
    const debugPods = await context.debugPods();
    return await context.show([await debugPods.launch(targetQuery(context.options))]);
  },
};
