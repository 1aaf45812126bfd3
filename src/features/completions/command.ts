import { defineCommand, oneOf } from "../../command.ts";
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
  plan: (_options, args): CompletedShell => oneOf("completions", completedShells, args),
  load: () => import("./run.ts"),
});
