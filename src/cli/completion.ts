import type { Command } from "../command.ts";
import type { OptionSpec, RawOptions, Values } from "../options.ts";
import { longName } from "../options.ts";
import { safe } from "../text/safe.ts";

/** One word that could stand where the cursor is. */
export interface Candidate {
  value: string;
  description?: string;
}

/** What a shell asks for: the words of a command line up to the cursor, read. */
export interface Wanted {
  /** What is typed of the word already, without `--option=` before it. */
  typed: string;
  /** What the word may be: known words, or something to look up. None: nothing that anybody could know. */
  candidates: readonly Candidate[];
  values?: Exclude<Values, readonly string[]>;
  /** Global options that stand before the cursor, by their keys. */
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

/** Reads an option's flags, as `-c, --count <n>`. */
function flagOf(spec: OptionSpec & { key?: string }): Flag {
  const short = /(?:^|\s)(-\w)\b/.exec(spec.flags)?.[1], long = `--${longName(spec.flags)}`;
  return { ...spec, ...(short === undefined ? {} : { short }), long, takesValue: /[<[]/.test(spec.flags) };
}

/**
 * What could stand at the cursor. `words` are those behind the program's name; the last one is the one that is typed, and
 * may be empty. Options are read as the parser of app.ts does: global ones stand on both sides of the command, where its
 * own letters win.
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
      const own = command.options.map(flagOf), names = new Set(own.flatMap(({ short, long }) => [short, long]));
      flags = [...own, ...globalFlags.filter(({ long }) => !names.has(long)).map((flag) => without(flag, names))];
    } else {
      place++;
      if (command.passThrough) ended = true;
    }
  }

  const typed = words.at(-1) ?? "", equals = typed.indexOf("=");
  if (awaiting !== undefined) {
    // The pods of a command's own option are in the namespace of its own: ping -N data -d db.
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
  // Behind it stands a command of this machine.
  if (ended && command.separator && words.slice(0, -1).includes("--")) return wanted(typed, "file");
  return wanted(typed, command.argumentValues?.[Math.min(place, command.argumentValues.length - 1)]);
}

/** Shells' scripts split at spaces, also those between quotes: puts together again what is one word. */
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

/** Takes the options of one word; returns the one whose value is the next word. */
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
  // A group of letters: the first that takes a value takes what is left, or the next word.
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

/** Directives of the protocol between a completion script and the program, as the scripts of cobra have them. */
const directives = { noSpace: 2, noFiles: 4 } as const;

/** The answer when there is nothing to offer, and files are none either. */
export const noAnswer = `:${directives.noFiles}\n`;

/** Asks the shell to complete a file of this machine. */
export const filesAnswer = ":0\n";

/** What a shell inserts as it is: others could mean something to it, as a context may be named `$(reboot)`. */
const plain = /^[\w.:/@%+=,-]+$/;

/** The answer to the shell: a line a candidate that begins as typed, its description behind a tab, and the directive. */
export function answerOf(typed: string, candidates: readonly Candidate[]): string {
  const fitting = candidates.filter(({ value }) => value.startsWith(typed) && plain.test(value));
  const open = fitting.length > 0 && fitting.every(({ value }) => value.endsWith("/"));
  // Without one there is no tab: zsh would make an empty column of it.
  const line = ({ value, description = "" }: Candidate) =>
    // A description is one line, and drives no terminal.
    description === "" ? `${value}\n` : `${value}\t${safe(description.replaceAll(/\s+/g, " "))}\n`;
  return `${fitting.map(line).join("")}:${directives.noFiles + (open ? directives.noSpace : 0)}\n`;
}
