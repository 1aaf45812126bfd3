import type { Command } from "../../src/command.ts";
import type { OptionSpec } from "../../src/options.ts";
import { table } from "./markdown.ts";

type GlobalOption = OptionSpec & { variable?: string };

const shown = <T extends { hidden?: boolean }>(all: readonly T[]): T[] => all.filter(({ hidden }) => !hidden);

/** Returns the usage of a command: its name and its arguments. */
export const usage = ({ name, arguments: args }: Command): string => args === undefined ? name : `${name} ${args}`;

/** Returns the table of commands in README.md. */
export function commandRows(commands: readonly Command[]): string[] {
  return table(
    ["command", "does"],
    shown(commands).map((command) => [
      `[\`${usage(command)}\`](docs/commands.md#${command.name})`,
      command.summary,
    ]),
  );
}

export function globalOptionRows(options: readonly GlobalOption[]): string[] {
  return table(
    ["option", "environment", "meaning"],
    shown(options).map(({ flags, variable, description }) => [
      `\`${flags}\``,
      variable === undefined ? "" : `\`${variable}\``,
      description,
    ]),
  );
}

/** Returns docs/commands.md: every command with its options and examples. */
export function commandsPage(commands: readonly Command[], options: readonly GlobalOption[]): string {
  const lines = [
    "# Commands",
    "",
    "Written by `scripts/docs` from the definitions that the program itself uses. `scope COMMAND --help` says the same.",
    "",
  ];
  for (const command of shown(commands)) {
    const { name, aliases = [], summary, options: own, examples } = command;
    lines.push(`## ${name}`, "", `    scope [global options] ${usage(command)}`, "", `${summary}.`, "");
    if (aliases.length > 0) lines.push(`Also called ${aliases.map((alias) => `\`${alias}\``).join(", ")}.`, "");
    if (shown(own).length > 0) {
      const rows = shown(own).map(({ flags, description }) => [`\`${flags}\``, description]);
      lines.push(...table(["option", "meaning"], rows), "");
    }
    const width = Math.max(...examples.map(([line]) => line.length));
    lines.push(...examples.map(([line, what]) => `    ${line.padEnd(width)}  # ${what}`), "");
  }
  lines.push(
    "## Global options",
    "",
    "They stand before the command; their long forms, and the letters that a command has not taken itself, also after it.",
    "",
    ...globalOptionRows(options),
    "",
  );
  return lines.join("\n");
}
