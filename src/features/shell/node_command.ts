import type { Command } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import { sessionProgram } from "../../runs/session.ts";

export const node: Command = {
  name: "node",
  summary: "Run a shell or a command with the endoscope's tools in a node's namespaces, its files at /host",
  arguments: "<node> [command...]",
  argumentValues: ["node", []],
  passThrough: true,
  asks: ["node"],
  examples: [
    ["scope node node1", "a shell; chroot /host is one with the node's own programs"],
    ["scope node node1 ss -ltnp", "one command"],
    ["scope --debug-namespace ops node node1 chroot /host journalctl -u kubelet", "the debug pod is made in ops"],
  ],
  async run(context, _options, [name = "", ...words]) {
    if (context.options.via !== "auto" && context.options.via !== "node") {
      throw new ScopeError("usage", `There is no way to a node by --via ${context.options.via}`, {
        hint: "leave it out: a node is reached through a debug pod",
      });
    }
    const command = words[0] === "--" ? words.slice(1) : words;
    if (words[0] !== "--" && words[0]?.startsWith("-")) {
      throw new ScopeError("usage", `Option "${words[0]}" stands behind the node's name`, {
        hint: "options of scope stand before it, the command behind it",
      });
    }
    await using place = await context.enterNode(name);
    const program = sessionProgram(context, command);
    const run = place.run({
      ...program,
      // The shell says it when it greets.
      env: { ...program.env, SCOPE_ROOT: "/host" },
      namespaces: ["net", "pid", "uts", "ipc"],
      pid: 1,
    });
    const code = await context.attach(run);
    // Used twice on purpose: see commands/shell.ts.
    if (place.lost.aborted) throw place.lost.reason;
    return code;
  },
};
