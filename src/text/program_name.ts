import type { Event } from "../event.ts";

/** Names by which users call the program: its own, or as a plugin of kubectl. */
export type CalledAs = "scope" | "kubectl scope";

/** Environment variable by which a launcher passes the name. */
export const calledAsVariable = "SCOPE_CALLED_AS";

export function calledAs(variable: string | undefined): CalledAs {
  return variable === "kubectl scope" ? variable : "scope";
}

/**
 * Replaces the program name in example command lines: `scope -p web pids` becomes `kubectl scope -p web pids`. Other text
 * stays, such as `what scope made`.
 */
export function withProgramName(text: string, name: CalledAs, commands: readonly string[]): string {
  if (name === "scope") return text;
  const commandLine = new RegExp(
    String.raw`(?<![\w/.-]|kubectl )scope(?= (?:--?\w|(?:${commands.join("|")})(?![\w-])))`,
    "g",
  );
  return text.replaceAll(commandLine, name);
}

/** Applies `words` to the advice in an event. */
export function eventInWords(event: Event, words: (text: string) => string): Event {
  if (event.type === "failed" && event.hint !== undefined) return { ...event, hint: words(event.hint) };
  if (event.type === "doctor.way" && event.remedy !== undefined) return { ...event, remedy: words(event.remedy) };
  return event;
}
