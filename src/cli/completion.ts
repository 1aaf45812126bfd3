import { defined } from "../lib/defined.ts";
import type { Command } from "../command.ts";
import type { OptionSpec, RawOptions, Values } from "../options.ts";
import { longName } from "../options.ts";
import { safe } from "../text/safe.ts";

/** A possible word at the cursor. */
export interface Candidate {
  value: string;
  description?: string;
}

/** A parsed command line up to the cursor, and what may follow. */
export interface Wanted {
  /** The typed part of the word, without `--option=` before it. */
  typed: string;
  /** Possible words, or in `values` what to look up. Neither if the word cannot be completed. */
  candidates: readonly Candidate[];
  values?: Exclude<Values, readonly string[]>;
  /** Global options before the cursor, by their keys. */
  globals: RawOptions;
}

export interface Definitions {
  commands: readonly Command[];
  globals: readonly (OptionSpec & { key: string })[];
}

interface Flag extends OptionSpec {
  short?: string;
  long: string;
  takesValue: boolean;
  /** Set for a global option. */
  key?: string;
}

/** Parses an option's flags, such as `-c, --count <n>`. */
function flagOf(spec: OptionSpec & { key?: string }): Flag {
  const short = /(?:^|\s)(-\w)\b/.exec(spec.flags)?.[1], long = `--${longName(spec.flags)}`;
  return { ...spec, ...defined({ short }), long, takesValue: /[<[]/.test(spec.flags) };
}

/**
 * Parses a command line up to the cursor. `words` follow the program's name; the last word is being typed, and may be empty.
 * Options are parsed as in app.ts: global options may stand before and after the command, whose own letters take precedence.
 */
export function wantedOf(words: readonly string[], { commands, globals: specs }: Definitions): Wanted {
  const globalFlags = specs.map(flagOf), globals: Record<string, string | boolean> = {};
  const given = new Set<Flag>();
  let command: Command | undefined, flags = globalFlags, place = 0, ended = false;
  let awaiting: Flag | undefined, ownNamespace: string | undefined;
  const take = (flag: Flag, value: string | boolean) => {
    given.add(flag);
    if (flag.key !== undefined) globals[flag.key] = value;
    else if (flag.values === "namespace" && typeof value === "string") ownNamespace = value;
  };
  const wanted = (typed: string, values: Values | undefined): Wanted =>
    typeof values === "string"
      ? { typed, candidates: [], values: values === "running-pod" && command?.anyPod ? "pod" : values, globals }
      : { typed, candidates: (values ?? []).map((value) => ({ value })), globals };

  for (const word of words.slice(0, -1)) {
    if (awaiting !== undefined) {
      take(awaiting, word);
      awaiting = undefined;
    } else if (!ended && word === "--") {
      ended = true;
    } else if (!ended && word.startsWith("-") && word !== "-") {
      awaiting = readOption(word, flags, take);
    } else if (command === undefined) {
      command = commands.find(({ name, aliases = [] }) => name === word || aliases.includes(word));
      if (command === undefined) return { typed: "", candidates: [], globals };
      const ownFlags = command.options.map(flagOf);
      const names = new Set(ownFlags.flatMap(({ short, long }) => [short, long]));
      flags = [...ownFlags, ...globalFlags.filter(({ long }) => !names.has(long)).map((flag) => without(flag, names))];
    } else {
      place++;
      if (command.passThrough) ended = true;
    }
  }

  const typed = words.at(-1) ?? "", equals = typed.indexOf("=");
  if (awaiting !== undefined) {
    // A command's own pod option uses the command's own namespace option: ping -N data -d db.
    if (awaiting.key === undefined && ownNamespace !== undefined) globals.namespace = ownNamespace;
    return wanted(typed, awaiting.values);
  }
  if (!ended && typed.startsWith("--") && equals > 0) {
    return wanted(typed.slice(equals + 1), flags.find(({ long }) => long === typed.slice(0, equals))?.values);
  }
  if (!ended && typed.startsWith("-")) {
    const left = flags.filter((flag) => !flag.hidden && (flag.repeatable || !given.has(flag)));
    return { typed, candidates: [...left.flatMap(optionCandidates), help("--help")], globals };
  }
  if (command === undefined) {
    const visible = commands.filter(({ hidden }) => !hidden);
    return { typed, candidates: visible.map(({ name, summary }) => ({ value: name, description: summary })), globals };
  }
  // After the separator follows a command of this machine.
  if (ended && command.separator && words.slice(0, -1).includes("--")) return wanted(typed, "file");
  return wanted(typed, command.argumentValues?.[Math.min(place, command.argumentValues.length - 1)]);
}

/** Joins words that a shell's script split at a space between quotes. */
export function joinQuoted(words: readonly string[]): string[] {
  const joined: string[] = [];
  let open = false;
  for (const word of words) {
    joined.push(open ? `${joined.pop()} ${word}` : word);
    const quote = /^(?:[^"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')*(?:\\?$|(["']))/s.exec(joined.at(-1) ?? "")?.[1];
    open = quote !== undefined;
  }
  return joined;
}

/** Takes the options of one word. Returns the option whose value is the next word. */
function readOption(
  word: string,
  flags: readonly Flag[],
  take: (flag: Flag, value: string | boolean) => void,
): Flag | undefined {
  if (word.startsWith("--")) {
    const equals = word.indexOf("="), name = equals < 0 ? word : word.slice(0, equals);
    const flag = flags.find(({ long }) => long === name);
    if (flag === undefined) return undefined;
    if (flag.takesValue && equals < 0) return flag;
    take(flag, flag.takesValue ? word.slice(equals + 1) : true);
    return undefined;
  }
  // In a group of letters, the first option with a value takes the rest, or the next word.
  for (let at = 1; at < word.length; at++) {
    const flag = flags.find(({ short }) => short === `-${word[at]}`);
    if (flag === undefined) return undefined;
    if (flag.takesValue && at === word.length - 1) return flag;
    take(flag, flag.takesValue ? word.slice(at + 1).replace(/^=/, "") : true);
    if (flag.takesValue) return undefined;
  }
  return undefined;
}

function without(flag: Flag, taken: ReadonlySet<string | undefined>): Flag {
  if (!taken.has(flag.short)) return flag;
  const { short: _short, ...rest } = flag;
  return rest;
}

function optionCandidates({ short, long, description }: Flag): Candidate[] {
  return [long, short].flatMap((value) => value === undefined ? [] : [{ value, description }]);
}

const help = (value: string): Candidate => ({ value, description: "print this help" });

/** Directives of the protocol between a completion script and the program, as in cobra's scripts. */
const directives = { noSpace: 2, noFiles: 4 } as const;

/** Answer without any candidate, not even files. */
export const noAnswer = `:${directives.noFiles}\n`;

/** Answer that makes the shell complete files of this machine. */
export const filesAnswer = ":0\n";

/** Characters that a shell inserts unchanged and never interprets: a context may be named `$(reboot)`. */
const plain = /^[\w.:/@%+=,-]+$/;

/**
 * Formats the answer for the shell: a line for each candidate with the typed prefix, its description after a tab; then the
 * directive.
 */
export function answerOf(typed: string, candidates: readonly Candidate[]): string {
  const fitting = candidates.filter(({ value }) => value.startsWith(typed) && plain.test(value));
  const open = fitting.length > 0 && fitting.every(({ value }) => value.endsWith("/"));
  // No tab without a description: zsh would show an empty column.
  const line = ({ value, description = "" }: Candidate) =>
    // Escaped, so that a description is one line and cannot control the terminal.
    description === "" ? `${value}\n` : `${value}\t${safe(description.replaceAll(/\s+/g, " "))}\n`;
  return `${fitting.map(line).join("")}:${directives.noFiles + (open ? directives.noSpace : 0)}\n`;
}
