import { defineCommand } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import { type CompletedShell, completedShells } from "../../options.ts";

export const completions = defineCommand({
  name: "completions",
  permissions: ["names"],
  summary: "Print the script that lets bash, zsh or fish complete commands, options, and names from the cluster",
  arguments: "<shell>",
  argumentValues: [completedShells, []],
  examples: [
    ["scope completions bash", 'in ~/.bashrc: eval "$(scope completions bash)"'],
    ["scope completions zsh", 'in ~/.zshrc, behind compinit: eval "$(scope completions zsh)"'],
    ["scope completions fish", "fish: scope completions fish | source"],
  ],
  plan(_options, [name = "", ...more]): CompletedShell {
    const shell = completedShells.find((one) => one === name);
    if (shell !== undefined && more.length === 0) return shell;
    throw new ScopeError("usage", `Command "completions" cannot be for "${[name, ...more].join(" ")}"`, {
      hint: `it is one of ${completedShells.join(", ")}`,
    });
  },
  load: () => import("./run.ts"),
});
