import { defineCommand } from "../../command.ts";
import { ScopeError } from "../../errors.ts";

export interface NodePlan {
  node: string;
  command: readonly string[];
}

export const node = defineCommand({
  name: "node",
  summary: "Run a shell or a command with the endoscope's tools in a node's namespaces, its files at /host",
  arguments: "<node> [command...]",
  argumentValues: ["node", []],
  passThrough: true,
  permissions: ["node"],
  examples: [
    ["scope node node1", "a shell; chroot /host is one with the node's own programs"],
    ["scope node node1 ss -ltnp", "one command"],
    ["scope --debug-namespace ops node node1 chroot /host journalctl -u kubelet", "the debug pod is made in ops"],
  ],
  plan(_options, [node = "", ...words], { via }): NodePlan {
    if (via !== "auto" && via !== "node") {
      throw new ScopeError("usage", `There is no way to a node by --via ${via}`, {
        hint: "leave it out: a node is reached through a debug pod",
      });
    }
    if (words[0] !== "--" && words[0]?.startsWith("-")) {
      throw new ScopeError("usage", `Option "${words[0]}" stands behind the node's name`, {
        hint: "options of scope stand before it, the command behind it",
      });
    }
    return { node, command: words[0] === "--" ? words.slice(1) : words };
  },
  load: () => import("./run_on_node.ts"),
});
