import { defineCommand, flag } from "../../command.ts";

export interface ListPlan {
  /** In all namespaces. */
  everywhere: boolean;
}

export const list = defineCommand({
  name: "list",
  summary: "List what scope has made and what still is there: debug pods, ephemeral containers, copies",
  permissions: ["list"],
  options: { everywhere: flag("-A, --all-namespaces", "in all namespaces") },
  examples: [["scope list -A", "everything of scope's in the cluster"]],
  plan: (options): ListPlan => options,
  load: () => import("./run_list.ts"),
});
