import { defineCommand, flag, text } from "../../command.ts";
import { ScopeError } from "../../errors.ts";

export interface CleanupPlan {
  /** The name of a target, a debug pod or a copy, or `all`. */
  pod: string;
  /** In all namespaces. */
  everywhere: boolean;
}

export const cleanup = defineCommand({
  name: "cleanup",
  anyPod: true,
  summary: "Remove debug pods and copies of pods, and end ephemeral containers",
  permissions: ["remove"],
  options: {
    pod: text("-p, --pod <name>", "a debug pod or a copy; a target, for all that was made for it; or all", {
      values: "pod",
    }),
    everywhere: flag("-A, --all-namespaces", "in all namespaces"),
  },
  examples: [
    ["scope -n shop cleanup -p all", "all that scope made in the namespace"],
    ["scope -n shop cleanup -p web", "web's ephemeral containers and copies, and the debug pod of its node"],
  ],
  plan({ pod, everywhere }, _args, globals): CleanupPlan {
    const meant = pod ?? globals.pod;
    if (meant === undefined) {
      throw new ScopeError("usage", "No debug pod or copy specified", { hint: "give -p all, or -p POD" });
    }
    return { pod: meant, everywhere };
  },
  load: () => import("./run_cleanup.ts"),
});
