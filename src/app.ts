import { Command as Parser, CommanderError, Option } from "commander";
import { programName, withProgramName } from "./text/program_name.ts";
import type { Command } from "./command.ts";
import { permissionsOf } from "./command.ts";
import { doctorOf } from "./features/pods/doctor_command.ts";
import { bypass } from "./features/redirect/bypass_command.ts";
import { completions } from "./features/completions/command.ts";
import { cleanup } from "./features/pods/cleanup_command.ts";
import { copy } from "./features/pods/copy_command.ts";
import { gdb } from "./features/gdb/command.ts";
import { cp } from "./features/files/cp_command.ts";
import { fs } from "./features/files/fs_command.ts";
import { hping } from "./features/hping/command.ts";
import { launch } from "./features/pods/launch_command.ts";
import { list } from "./features/pods/list_command.ts";
import { logs } from "./features/logs/command.ts";
import { manage } from "./features/manage/command.ts";
import { node } from "./features/shell/node_command.ts";
import { pids } from "./features/pids/command.ts";
import { ping } from "./features/ping/command.ts";
import { rbacOf } from "./features/rbac/command.ts";
import { redir } from "./features/redirect/command.ts";
import { shell } from "./features/shell/command.ts";
import { strace } from "./features/strace/command.ts";
import { worker } from "./features/worker/command.ts";
import { ScopeError } from "./errors.ts";
import { globalOptions, needsValue } from "./options.ts";
import type { OptionSpec, RawOptions } from "./options.ts";
import type { CommandPermissions } from "./rights/role.ts";
import { version } from "./version.ts";

const ordinary: readonly Command[] = [
  ...[ping, hping, shell, pids, strace, gdb, redir, bypass, cp, fs, node, copy],
  ...[launch, list, cleanup],
];

const others: readonly Command[] = [...ordinary, logs, doctorOf(ordinary), completions, manage, worker];
export const commands: readonly Command[] = [...others, rbacOf(others, unknownCommand)];

/** Requests of each command to the API server. */
export const asking: readonly CommandPermissions[] = others.map((one) => ({
  name: one.name,
  permissions: permissionsOf(one) ?? [],
}));

/** A parsed command line. */
export interface Invocation {
  command: Command;
  /** Global options, given before or after the command. */
  globals: RawOptions;
  /** Options of the command itself. */
  options: RawOptions;
  args: readonly string[];
}

export interface Words {
  out(text: string): void;
  err(text: string): void;
  /** Width of help, in columns, by default 80. */
  width?: number;
}

/** Returns a message in which example command lines call the program as the user does. */
export function inUsersWords(text: string): string {
  return withProgramName(text, ["help", ...commands.flatMap(({ name, aliases = [] }) => [name, ...aliases])]);
}

/**
 * Parses a command line. Returns undefined if the parser already answered it, for example `--help`.
 *
 * Throws ScopeError (usage).
 */
export function parse(argv: readonly string[], words: Words): Invocation | undefined {
  let invocation: Invocation | undefined;
  const program = new Parser(programName())
    .description("An endoscope for Kubernetes pods: ping, capture, trace and debug from inside any running pod.")
    .version(`scope ${version}`, "-V, --version", "print the version")
    .helpCommand("help [command]", "print the help of a command")
    .enablePositionalOptions()
    .showSuggestionAfterError();
  quiet(program, words);
  for (const { key: _key, ...spec } of globalOptions) program.addOption(toOption(spec));
  for (const command of commands) {
    const parser = program.command(command.name, { hidden: command.hidden ?? false }).summary(command.summary)
      .description(command.summary);
    quiet(parser, words);
    for (const alias of command.aliases ?? []) parser.alias(alias);
    if (command.arguments !== undefined) parser.arguments(command.arguments);
    if (command.passThrough) parser.passThroughOptions();
    if (command.separator) keepSeparator(parser);
    for (const option of command.options) parser.addOption(toOption(option));
    const ownKeys = new Set(parser.options.map((option) => option.attributeName()));
    addGlobals(parser);
    parser.addHelpText("after", examplesText(command));
    parser.allowExcessArguments().action(() => {
      if (command.arguments === undefined && parser.args.length > 0) throw takesNone(command.name, parser.args);
      const raw = parser.opts() as RawOptions;
      const after = Object.entries(raw).filter(([key]) => !ownKeys.has(key));
      invocation = {
        command,
        globals: { ...program.opts(), ...Object.fromEntries(after) },
        options: Object.fromEntries(Object.entries(raw).filter(([key]) => ownKeys.has(key))),
        args: command.arguments === undefined ? [] : parser.args,
      };
    });
  }
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0 || error.code === "commander.help") {
        if (error.exitCode !== 0) {
          throw new ScopeError("usage", "No command specified", { hint: "scope --help lists the commands" });
        }
        return undefined;
      }
      throw usageError(error.message);
    }
    throw error;
  }
  return invocation;
}

/** Accepts global options after the command, too, except those whose letter or name the command uses itself. */
function addGlobals(parser: Parser): void {
  const taken = new Set(parser.options.flatMap(({ short, long }) => [short, long]));
  for (const { key: _key, ...spec } of globalOptions) {
    const option = toOption(spec);
    if (taken.has(option.long)) continue;
    const flags = taken.has(option.short) ? spec.flags.replace(/^-\w, /, "") : spec.flags;
    parser.addOption(toOption({ ...spec, flags }).helpGroup("Global options:"));
  }
}

/** Keeps the `--` that the parser would remove: without it, the arguments before and after it cannot be told apart. */
function keepSeparator(parser: Parser): void {
  const parseOptions = parser.parseOptions.bind(parser);
  parser.parseOptions = (argv) => {
    const at = argv.indexOf("--");
    return parseOptions(at < 0 ? argv : argv.toSpliced(at, 0, "--"));
  };
}

function toOption({ flags, description, hidden, repeatable }: OptionSpec): Option {
  const option = new Option(flags, description).hideHelp(hidden ?? false);
  return repeatable ? option.argParser((text: string, before: string[] = []) => [...before, text]) : option;
}

function quiet(parser: Parser, { out, err, width = 80 }: Words): void {
  parser.exitOverride();
  const getOutHelpWidth = () => width, getErrHelpWidth = getOutHelpWidth;
  parser.configureOutput({ writeOut: out, writeErr: err, outputError: () => {}, getOutHelpWidth, getErrHelpWidth });
  parser.helpOption("-h, --help", "print this help");
}

function examplesText({ examples }: Command): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  return `\nExamples:\n${examples.map(([line, what]) => `  ${line.padEnd(width)}  # ${what}`).join("\n")}\n`;
}

function takesNone(name: string, args: readonly string[]): ScopeError {
  const given = args.map((argument) => `"${argument}"`).join(" ");
  return new ScopeError("usage", `Command "${name}" takes no arguments, got ${given}`, {
    hint: `scope ${name} --help says what it takes`,
  });
}

/** Returns the error for an unknown command name, with a similar name as the hint. */
function unknownCommand(name: string): ScopeError {
  const program = new Parser("scope").exitOverride().configureOutput({
    writeErr() {},
    writeOut() {},
    outputError() {},
  });
  for (const command of commands) program.command(command.name, { hidden: command.hidden ?? false });
  try {
    // The parser finds similar names.
    program.showSuggestionAfterError().parse(["--", name], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return usageError(error.message);
  }
  return new ScopeError("usage", `Unknown command "${name}"`, { hint: "scope --help lists commands and options" });
}

/** Converts an error message of the parser, such as `error: unknown option '--foo'\n(Did you mean --bar?)`. */
function usageError(message: string): ScopeError {
  const [first = "", suggestion] = message.replace(/^error: /, "").split("\n");
  const bare = /^option '(?:-\w, )?(--[\w-]+) .*' argument missing$/.exec(first)?.[1];
  if (bare !== undefined) return needsValue(bare);
  const missing = /^missing required argument '(.*)'$/.exec(first)?.[1];
  if (missing !== undefined) {
    return new ScopeError("usage", `No ${missing} specified`, {
      hint: "give it after the command's own options",
    });
  }
  const text = first.charAt(0).toUpperCase() + first.slice(1).replaceAll("'", '"').replace(/\.$/, "");
  const meant = suggestion === undefined ? undefined : /Did you mean (.*)\?/.exec(suggestion)?.[1];
  return new ScopeError("usage", text, {
    hint: meant === undefined ? "scope --help lists commands and options" : `did you mean ${meant}?`,
  });
}
