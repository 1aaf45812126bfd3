import type { Command } from "../../src/command.ts";
import type { OptionSpec } from "../../src/options.ts";
import { usage } from "./commands_page.ts";
import { exitCodeTexts } from "./exit_codes.ts";

/** Environment variables without a corresponding option. */
const otherVariables: readonly (readonly [string, string])[] = [
  ["SCOPE_AUDIT", "off: no line in the audit log; args: with the arguments"],
  ["SCOPE_COMPLETION_PLUGINS", "1: completions run the kubeconfig's credential plugin, which may open a browser"],
  ["SCOPE_COMPLETION_MS", "how long completions may take, in milliseconds (default: 300)"],
  ["KUBECONFIG", "kubeconfig files, as for kubectl"],
  ["NO_COLOR", "set: no colours"],
];

/**
 * Returns the man page scope(1), in the macros of man(7). It has no date, so that it changes only when the program does.
 */
export function manPage(
  commands: readonly Command[],
  options: readonly (OptionSpec & { variable?: string })[],
  version: string,
): string {
  const shown = commands.filter(({ hidden }) => !hidden), globals = options.filter(({ hidden }) => !hidden);
  const variables = globals.filter(({ variable }) => variable !== undefined);
  return [
    `.\\" Written by scripts/docs.`,
    `.TH SCOPE 1 "" "scope ${version}"`,
    ".SH NAME",
    "scope \\- an endoscope for Kubernetes pods",
    ".SH SYNOPSIS",
    ".B scope",
    "[\\fIglobal options\\fR] \\fIcommand\\fR [\\fIoptions\\fR] [\\fIarguments\\fR]",
    ".SH DESCRIPTION",
    "Ping, capture, trace and debug from inside any running pod, whatever its image has, with nothing installed in the",
    "cluster beforehand and nothing left behind. What was seen goes to stdout, words to you go to stderr.",
    ".SH COMMANDS",
    ...shown.flatMap((command) => [
      `.SS ${text(usage(command))}`,
      `${text(command.summary)}.`,
      ...command.options.filter(({ hidden }) => !hidden).flatMap(entry),
      ".P",
      ".nf",
      ...command.examples.flatMap(([line, what]) => [`# ${text(what)}`, text(line)]),
      ".fi",
    ]),
    ".SH GLOBAL OPTIONS",
    ...globals.flatMap(entry),
    ".SH ENVIRONMENT",
    ...variables.flatMap(({ variable, flags }) => [".TP", `.B ${variable}`, `as ${flagText(flags)}`]),
    ...otherVariables.flatMap(([variable, meaning]) => [".TP", `.B ${variable}`, text(meaning)]),
    ".SH EXIT STATUS",
    ...exitCodeTexts.flatMap(([code, meaning]) => [".TP", `.B ${text(code)}`, text(meaning.replaceAll("`", ""))]),
    ".P",
    "Everything else is the exit code of the tool that ran.",
    ".SH FILES",
    ".TP",
    ".I \\(ti/.config/scope/env",
    "options as variables, in the format of a .env file; none is read from the current directory",
    ".TP",
    ".I \\(ti/.kube/config",
    "clusters, contexts and credentials, as for kubectl",
    ".TP",
    ".I \\(ti/.local/state/scope/audit.log",
    "a line for every run, without its arguments",
    ".SH SEE ALSO",
    ".BR kubectl (1)",
    "",
  ].join("\n");
}

const entry = ({ flags, description }: OptionSpec): string[] => [".TP", flagText(flags), text(description)];

/** Formats flags in bold, and the names of their values in italics. */
function flagText(flags: string): string {
  return text(flags).replaceAll(/<([^>]+)>/g, "\\fI$1\\fR").replaceAll(/(?:\\-)+[\w\\-]+/g, "\\fB$&\\fR");
}

/** Escapes text for roff: hyphens that can be copied, no escapes, no requests at the start of a line. */
function text(plain: string): string {
  const escaped = plain.replaceAll("\\", "\\(rs").replaceAll("-", "\\-").replaceAll("'", "\\(aq");
  return escaped.replaceAll("…", "...").replace(/^[.']/, "\\&$&");
}
