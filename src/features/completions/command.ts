import type { Command } from "../../command.ts";
import { completedShells } from "../../options.ts";
import { ScopeError } from "../../errors.ts";

export const completions: Command = {
  name: "completions",
  asks: ["names"],
  summary: "Print the script that lets bash, zsh or fish complete commands, options, and names from the cluster",
  arguments: "<shell>",
  argumentValues: [completedShells, []],
  examples: [
    ["scope completions bash", 'in ~/.bashrc: eval "$(scope completions bash)"'],
    ["scope completions zsh", 'in ~/.zshrc, behind compinit: eval "$(scope completions zsh)"'],
    ["scope completions fish", "fish: scope completions fish | source"],
  ],
  async run(context, _options, [name = "", ...more]) {
    const shell = completedShells.find((one) => one === name);
    if (shell === undefined || more.length > 0) {
      throw new ScopeError("usage", `Command "completions" cannot be for "${[name, ...more].join(" ")}"`, {
        hint: `it is one of ${completedShells.join(", ")}`,
      });
    }
    const script = new TextEncoder().encode(await context.completionScript(shell));
    await context.print((async function* () {
      yield script;
    })());
    return 0;
  },
};
