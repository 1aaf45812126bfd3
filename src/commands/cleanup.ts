import type { Command } from "../command.ts";
import { ScopeError } from "../errors.ts";

export const cleanup: Command = {
  name: "cleanup",
  summary: "Remove debug pods and copies of pods",
  options: [
    {
      flags: "-p, --pod <name>",
      description: "a debug pod or a copy; a target, whose copies and whose node's debug pod are meant; or all",
    },
    { flags: "-A, --all-namespaces", description: "in all namespaces" },
  ],
  examples: [
    ["scope -n shop cleanup -p all", "all debug pods and copies of the namespace"],
    ["scope -n shop cleanup -p web", "the debug pod of the node where web runs, and the copies of web"],
  ],
  async run(context, options) {
    const pod = typeof options.pod === "string" ? options.pod : context.options.pod;
    const everywhere = options.allNamespaces === true;
    if (pod === undefined) {
      throw new ScopeError("usage", "Nothing says which debug pod or copy", { hint: "give -p all, or -p POD" });
    }
    const debugPods = await context.debugPods();
    return await context.show(debugPods.remove(pod, everywhere));
  },
};
