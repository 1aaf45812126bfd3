import { defineCommand } from "../../command.ts";

export const launch = defineCommand({
  name: "launch",
  summary: "Start the debug pod of the target's node, and keep it for the next commands",
  permissions: ["target", "node"],
  examples: [["scope -n shop -p web launch", "so that the next command answers at once"]],
  plan: () => undefined,
  load: () => import("./run_launch.ts"),
});
