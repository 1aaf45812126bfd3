import { type ProgramName, programNameOf } from "./program_name.ts";

/** Widths for which help is laid out, in columns, ascending. */
export const helpWidths = [80, 120] as const;

/** Returns the width of help on a terminal of this many columns; undefined stands for no terminal. */
export function helpWidth(columns: number | undefined): number {
  return columns === undefined ? helpWidths[0] : helpWidths.findLast((width) => width <= columns) ?? columns;
}

/** Returns the file, below the bundle's directory, of a command's help; of the program's own without a command. */
export function helpFile(calledAs: ProgramName, width: number, command = "scope"): string {
  return `texts/${calledAs.replace(" ", "_")}/${width}/${command}.txt`;
}

/** Returns the file, below the bundle's directory, of the script for completions by a shell. */
export function completionsFile(shell: string): string {
  return `texts/completions/${shell}.txt`;
}

/**
 * Returns the file of the text that a command line asks for, below the bundle's directory. Undefined for a command line that
 * asks for something else, and for help on a terminal that is narrower than any text. A command that does not exist has no file.
 * `columns` are those of the terminal; `calledAs` is the value of the launcher's variable.
 */
export function writtenText(
  argv: readonly string[],
  columns: number | undefined,
  calledAs: string | undefined,
): string | undefined {
  const [first = "", second = ""] = argv;
  if (argv.length > 2 || !argv.every((word) => /^(?:[a-z]+|--help|-h)$/.test(word))) return undefined;
  if (first === "completions" && isName(second)) return completionsFile(second);
  const width = helpWidth(columns), name = programNameOf(calledAs), isCommand = isName(first) && first !== "help";
  if (width < helpWidths[0]) return undefined;
  if (argv.length === 1) return isCommand ? undefined : helpFile(name, width);
  if (isCommand) return isName(second) ? undefined : helpFile(name, width, first);
  return first === "help" && isName(second) && second !== "help" ? helpFile(name, width, second) : undefined;
}

function isName(word: string): boolean {
  return /^[a-z]+$/.test(word);
}
