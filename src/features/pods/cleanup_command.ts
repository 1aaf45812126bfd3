import type { Command } from "../../command.ts";
import { ScopeError } from "../../errors.ts";

export const cleanup: Command = {
  name: "cleanup",
  anyPod: true,
  summary: "Remove debug pods and copies of pods, and end ephemeral containers",
  asks: ["remove"],
  options: [
    {
      flags: "-p, --pod <name>",
      description: "a debug pod or a copy; a target, for all that was made for it; or all",
      values: "pod",
    },
    { flags: "-A, --all-namespaces", description: "in all namespaces" },
  ],
  examples: [
    ["scope -n shop cleanup -p all", "all that scope made in the namespace"],
    ["scope -n shop cleanup -p web", "web's ephemeral containers and copies, and the debug pod of its node"],
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
