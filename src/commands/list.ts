import type { Command } from "../command.ts";

export const list: Command = {
  name: "list",
  summary: "List the debug pods and the copies of pods that exist",
  options: [{ flags: "-A, --all-namespaces", description: "in all namespaces" }],
  examples: [["scope list -A", "everything of scope's in the cluster"]],
  async run(context, options) {
    const debugPods = await context.debugPods();
    const everywhere = options.allNamespaces === true, found = await debugPods.list(everywhere);
    if (found.length === 0 && context.options.output === "text") {
      const none = "there is no debug pod and no copy";
      context.say(everywhere ? none : `${none} in this namespace; -A looks in all`);
    }
    return await context.show(found);
  },
};
