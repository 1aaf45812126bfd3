import { parseArgs } from "node:util";
import { ScriptError, USAGE, UsageError } from "./errors.ts";

export interface Syntax {
  /** Names of the options without a value. */
  readonly flags?: readonly string[];
  /** Names of the options with a value, each with a hint for a missing one. */
  readonly values?: Readonly<Record<string, string | undefined>>;
  /** Name for an unknown option in the error; "option" by default. */
  readonly kind?: string;
}

export interface CommandLine {
  readonly flags: ReadonlySet<string>;
  /** All values of each option, in their order. */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** The arguments that are no options. */
  readonly operands: readonly string[];
}

/** Reads a command line. Throws UsageError for an unknown option, and ScriptError for an option without its value. */
export function readOptions(
  args: readonly string[],
  { flags = [], values = {}, kind = "option" }: Syntax,
): CommandLine {
  const read = { flags: new Set<string>(), values: {} as Record<string, string[]>, operands: [] as string[] };
  const types = [...flags.map((name) => [name, "boolean"]), ...Object.keys(values).map((name) => [name, "string"])];
  const options = Object.fromEntries(types.map(([name, type]) => [name, { type: type as "boolean" | "string" }]));
  // Not strict: its errors have other words.
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind === "positional") read.operands.push(token.value);
    if (token.kind !== "option") continue;
    if (flags.includes(token.name)) read.flags.add(token.name);
    else if (!Object.hasOwn(values, token.name)) throw new UsageError(`Unknown ${kind} "${token.rawName}"`);
    else if (!token.value) throw new ScriptError(`Option --${token.name} needs a value`, values[token.name], USAGE);
    else (read.values[token.name] ??= []).push(token.value);
  }
  return read;
}
