import type { Event } from "../event.ts";

/** How people call this program: by its own name, or as a plugin of kubectl. */
export type CalledAs = "scope" | "kubectl scope";

/** The variable by which a launcher tells it. */
export const calledAsVariable = "SCOPE_CALLED_AS";

export function calledAs(variable: string | undefined): CalledAs {
  return variable === "kubectl scope" ? variable : "scope";
}

/**
 * Words to people with the command lines in them as they can be typed: `scope -p web pids` as `kubectl scope -p web pids`.
 * What is no command line stays, as in `what scope made`.
 */
export function withProgramName(text: string, name: CalledAs, commands: readonly string[]): string {
  if (name === "scope") return text;
  const commandLine = new RegExp(
    String.raw`(?<![\w/.-]|kubectl )scope(?= (?:--?\w|(?:${commands.join("|")})(?![\w-])))`,
    "g",
  );
  return text.replaceAll(commandLine, name);
}

/** An event whose advice to people is in these words. */
export function eventInWords(event: Event, words: (text: string) => string): Event {
  if (event.type === "failed" && event.hint !== undefined) return { ...event, hint: words(event.hint) };
  if (event.type === "doctor.way" && event.remedy !== undefined) return { ...event, remedy: words(event.remedy) };
  return event;
}
