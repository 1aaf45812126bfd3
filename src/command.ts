import type { Context } from "./context.ts";
import { ScopeError } from "./errors.ts";
import type { GlobalOptions, OptionSpec, RawOptions, Values } from "./options.ts";
import { longName } from "./options.ts";
import type { PermissionGroup } from "./rights/permission_groups.ts";
import type { Needs } from "./way.ts";

/** A subcommand: its name, its options and arguments, and a function that gets everything it uses as its context. */
export interface Command extends CommandData {
  options: readonly OptionSpec[];
  /** Reads a command line, loads the implementation and runs it. Returns the exit code. Throws ScopeError. */
  run(context: Context, options: RawOptions, args: readonly string[]): Promise<number>;
}

interface CommandData {
  name: string;
  aliases?: readonly string[];
  /** Left out of the list of commands. */
  hidden?: boolean;
  summary: string;
  /** For example `[host...]`. */
  arguments?: string;
  /** The values of each argument, for shell completion; the last entry holds for all further arguments. */
  argumentValues?: readonly Values[];
  /** Accepts pods that are not running as targets. */
  anyPod?: boolean;
  /** Leaves everything from the first argument on to another program. */
  passThrough?: boolean;
  /** Keeps `--` among the arguments: arguments before it and after it mean different things. */
  separator?: boolean;
  /** True for arguments with which it needs the process that the user started: its pipes, or its terminal for a child. */
  ownProcess?: (args: readonly string[]) => boolean;
  /** Requirements on the way to the target; undefined for commands that connect to none. */
  needs?: Needs;
  /** Requests to the API server; by default, with `needs`, the requests that find a target and connect to it. */
  permissions?: readonly PermissionGroup[];
  /** Example command lines, each with a description. */
  examples: readonly (readonly [string, string])[];
}

/** An option of a command, with the reader of its value. */
export interface CommandOption<Value> extends OptionSpec {
  /** Reads the value as given; it is undefined if the option was not given. Throws ScopeError (usage). */
  read(given: RawOptions[string]): Value;
}

export type OptionTable = Readonly<Record<string, CommandOption<unknown>>>;

/** The values of the options of a table, by the names in the table. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends CommandOption<infer Value> ? Value : never;
};

/** A command whose implementation is loaded when it runs. */
export interface CommandDefinition<Table extends OptionTable, Plan> extends CommandData {
  options?: Table;
  /** Turns a command line into a plan. Pure. Throws ScopeError (usage). */
  plan(options: OptionValues<Table>, args: readonly string[], globals: GlobalOptions): Plan;
  /** Loads the implementation. Its `run` returns the exit code, and throws ScopeError. */
  load(): Promise<{ run(context: Context, plan: Plan): Promise<number> }>;
}

/** A defined command whose plan can be made without running it. */
export interface PlannedCommand<Plan> extends Command {
  /** Throws ScopeError (usage). */
  plan(options: RawOptions, args: readonly string[], globals: GlobalOptions): Plan;
}

export function defineCommand<Plan, Table extends OptionTable = Record<never, never>>(
  { options: table, plan: read, load, ...data }: CommandDefinition<Table, Plan>,
): PlannedCommand<Plan> {
  const entries = Object.entries(table ?? {});
  const plan = (raw: RawOptions, args: readonly string[], globals: GlobalOptions) => {
    const values = entries.map(([name, option]) => [name, option.read(raw[keyOf(option)])]);
    return read(Object.fromEntries(values) as OptionValues<Table>, args, globals);
  };
  return {
    ...data,
    options: entries.map(([, option]) => option),
    plan,
    async run(context, raw, args) {
      const planned = plan(raw, args, context.options);
      const { run } = await load();
      return await run(context, planned);
    },
  };
}

type More = Pick<OptionSpec, "values" | "hidden">;

/** Defines an option without a value: true if it is given, for `--no-…` false. */
export function flag(flags: string, description: string, more: More = {}): CommandOption<boolean> {
  const set = !longName(flags).startsWith("no-");
  return { flags, description, ...more, read: (given) => given === set };
}

/** Defines an option whose value is any text. */
export function text(flags: string, description: string, more: More = {}): CommandOption<string | undefined> {
  return { flags, description, ...more, read: (given) => typeof given === "string" ? given : undefined };
}

/** Defines an option whose value `parse` makes of a text; `parse` throws ScopeError (usage). */
export function parsed<Value>(
  flags: string,
  description: string,
  parse: (option: string, text: string) => Value,
  more: More = {},
): CommandOption<Value | undefined> {
  const name = longName(flags);
  return {
    ...{ flags, description, ...more },
    read: (given) => typeof given === "string" ? parse(name, given) : undefined,
  };
}

/** Defines an option that may be repeated, or that takes several values: `<words...>`. */
export function list(flags: string, description: string, more: More = {}): CommandOption<readonly string[]> {
  const read = (given: RawOptions[string]) => Array.isArray(given) ? given as readonly string[] : [];
  return { ...{ flags, description, ...more, read }, ...flags.includes("...") ? {} : { repeatable: true } };
}

/** Reads the only argument of a command, which must be one of these. Throws ScopeError (usage). */
export function oneOf<Choice extends string>(
  command: string,
  choices: readonly Choice[],
  [name = "", ...more]: readonly string[],
): Choice {
  const choice = choices.find((one) => one === name);
  if (choice !== undefined && more.length === 0) return choice;
  throw new ScopeError("usage", `Command "${command}" cannot be for "${[name, ...more].join(" ")}"`, {
    hint: `it is one of ${choices.join(", ")}`,
  });
}

/** Returns the name of an option in RawOptions. */
function keyOf({ flags }: OptionSpec): string {
  return longName(flags).replace(/^no-/, "").replaceAll(/-(\w)/g, (_, letter) => letter.toUpperCase());
}

/** Returns the requests of a command to the API server; undefined if the command declares none. */
export function permissionsOf({ permissions, needs }: CommandData): readonly PermissionGroup[] | undefined {
  return permissions ?? (needs === undefined ? undefined : ["target", "way"]);
}
