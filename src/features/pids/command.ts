import { defineCommand } from "../../command.ts";

/** The target's files are optional: without them, user names and ports are missing. */
export const needs = { files: "wanted" } as const;

export const pids = defineCommand({
  name: "pids",
  summary: "List the target's processes by their pids on the node",
  needs,
  examples: [
    ["scope -n shop -p web pids", "the processes of all containers of the pod"],
    ["scope -n shop -p web -o json pids", "the same, a JSON object a line"],
  ],
  plan: () => undefined,
  load: () => import("./run.ts"),
});
