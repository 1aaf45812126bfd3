import { defineCommand } from "../../command.ts";
import { ScopeError } from "../../errors.ts";

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
  plan(_options, [name = "", ...more]): WorkerAction {
    const action = actions.find((one) => one === name);
    if (action !== undefined && more.length === 0) return action;
    throw new ScopeError("usage", `Command "worker" cannot be for "${[name, ...more].join(" ")}"`, {
      hint: `it is one of ${actions.join(", ")}`,
    });
  },
  load: () => import("./run.ts"),
});
