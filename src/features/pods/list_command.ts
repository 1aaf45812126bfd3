import type { Command } from "../../command.ts";

export const list: Command = {
  name: "list",
  summary: "List what scope has made and what still is there: debug pods, ephemeral containers, copies",
  asks: ["list"],
  options: [{ flags: "-A, --all-namespaces", description: "in all namespaces" }],
  examples: [["scope list -A", "everything of scope's in the cluster"]],
  async run(context, options) {
    const debugPods = await context.debugPods();
    const everywhere = options.allNamespaces === true, found = await debugPods.list(everywhere);
    if (found.length === 0 && context.options.output === "text") {
      const none = "there is nothing of scope's";
      context.say(everywhere ? none : `${none} in this namespace; -A looks in all`);
    }
    return await context.show(found);
  },
};
