import type { Context } from "./context.ts";
import type { GlobalOptions, OptionSpec, RawOptions, Values } from "./options.ts";
import type { PermissionGroup } from "./rights/permission_groups.ts";
import type { Needs } from "./way.ts";

/** A subcommand: its name, what it takes, and one function that gets its world handed in. */
export interface Command extends CommandData {
  options: readonly OptionSpec[];
  /** Returns the exit code. Throws ScopeError. */
  run(context: Context, options: RawOptions, args: readonly string[]): Promise<number>;
}

interface CommandData {
  name: string;
  aliases?: readonly string[];
  /** Not for everybody: left out of the list of commands. */
  hidden?: boolean;
  summary: string;
  /** For example `[host...]`. */
  arguments?: string;
  /** The values of each argument, where a shell can complete them; the last entry holds for all that follow. */
  argumentValues?: readonly Values[];
  /** Pods that do not run are targets as well. */
  anyPod?: boolean;
  /** Everything from the first argument on belongs to another program. */
  passThrough?: boolean;
  /** A `--` stays among the arguments: the words before it and behind it mean different things. */
  separator?: boolean;
  /** Its needs of the place that it works from; not set where it goes to none. */
  needs?: Needs;
  /** Its requests to the API server; by default, where it has `needs`, those that find a target and get beside it. */
  permissions?: readonly PermissionGroup[];
  /** Command lines with what they do. */
  examples: readonly (readonly [string, string])[];
}

/** An option of a command, and how its value is read. */
export interface CommandOption<Value> extends OptionSpec {
  /** Reads what was given; undefined where nothing was. Throws ScopeError (usage). */
  read(given: RawOptions[string]): Value;
}

export type OptionTable = Readonly<Record<string, CommandOption<unknown>>>;

/** The values of the options of a table, by their names in it. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends CommandOption<infer Value> ? Value : never;
};

/** A command whose work is loaded when it is run. */
export interface CommandDefinition<Table extends OptionTable, Plan> extends CommandData {
  options?: Table;
  /** Reads a command line. Pure. Throws ScopeError (usage). */
  plan(options: OptionValues<Table>, args: readonly string[], globals: GlobalOptions): Plan;
  /** Loads the work. Its `run` returns the exit code, and throws ScopeError. */
  load(): Promise<{ run(context: Context, plan: Plan): Promise<number> }>;
}

/** A defined command, whose plan can be looked at without running it. */
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
      const planned = plan(raw, args, context.options), { run } = await load();
      return await run(context, planned);
    },
  };
}

type More = Pick<OptionSpec, "values" | "hidden">;

/** An option without a value: true where it is given. */
export function flag(flags: string, description: string, more: More = {}): CommandOption<boolean> {
  const set = !nameOf(flags).startsWith("no-");
  return { flags, description, ...more, read: (given) => given === set };
}

/** An option whose value is any text. */
export function text(flags: string, description: string, more: More = {}): CommandOption<string | undefined> {
  return { flags, description, ...more, read: (given) => typeof given === "string" ? given : undefined };
}

/** An option whose value is made of a text by `parse`, which throws ScopeError (usage). */
export function parsed<Value>(
  flags: string,
  description: string,
  parse: (option: string, text: string) => Value,
  more: More = {},
): CommandOption<Value | undefined> {
  const name = nameOf(flags);
  return {
    ...{ flags, description, ...more },
    read: (given) => typeof given === "string" ? parse(name, given) : undefined,
  };
}

/** An option that may be given several times, or has several words: `<words...>`. */
export function list(flags: string, description: string, more: More = {}): CommandOption<readonly string[]> {
  const read = (given: RawOptions[string]) => Array.isArray(given) ? given as readonly string[] : [];
  return { ...{ flags, description, ...more, read }, ...flags.includes("...") ? {} : { repeatable: true } };
}

/** The long name in `-c, --count <n>`. */
function nameOf(flags: string): string {
  return /--([\w-]+)/.exec(flags)![1]!;
}

/** The name of an option in RawOptions. */
function keyOf({ flags }: OptionSpec): string {
  return nameOf(flags).replace(/^no-/, "").replaceAll(/-(\w)/g, (_, letter) => letter.toUpperCase());
}

/** Returns what a command asks the API server for; undefined where nobody has said. */
export function permissionsOf({ permissions, needs }: CommandData): readonly PermissionGroup[] | undefined {
  return permissions ?? (needs === undefined ? undefined : ["target", "way"]);
}
