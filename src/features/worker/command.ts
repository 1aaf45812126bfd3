import { defineCommand, oneOf } from "../../command.ts";

const actions = ["list", "end"] as const;
export type WorkerAction = (typeof actions)[number];

export const worker = defineCommand({
  name: "worker",
  summary: "List or end the process that waits on this machine to make the next command quick",
  arguments: "<action>",
  argumentValues: [actions, []],
  permissions: [],
  examples: [
    ["scope worker list", "the process that waits, since when, and what it is connected to"],
    ["scope worker end", "end it; SCOPE_WARM=off starts none"],
  ],
  plan: (_options, args): WorkerAction => oneOf("worker", actions, args),
  load: () => import("./run.ts"),
});
