/** Names by which users call the program: its own, or as a plugin of kubectl. */
export type ProgramName = "scope" | "kubectl scope";

/** Environment variable by which a launcher passes the name. */
export const programNameVariable = "SCOPE_CALLED_AS";

let current: ProgramName = "scope";

/** Returns the name by which the user called this process. */
export function programName(): ProgramName {
  return current;
}

/** Returns the name that a value of the variable stands for. */
export function programNameOf(variable: string | undefined): ProgramName {
  return variable === "kubectl scope" ? variable : "scope";
}

/** Sets the name, by the value of the variable; called once, at the start of the process. */
export function setProgramName(variable: string | undefined): void {
  current = programNameOf(variable);
}

/**
 * Puts the program's name into example command lines: `scope -p web pids` becomes `kubectl scope -p web pids`. Other text
 * stays, such as `what scope made`.
 */
export function withProgramName(text: string, commands: readonly string[]): string {
  if (current === "scope") return text;
  const commandLine = new RegExp(
    String.raw`(?<![\w/.-]|kubectl )scope(?= (?:--?\w|(?:${commands.join("|")})(?![\w-])))`,
    "g",
  );
  return text.replaceAll(commandLine, current);
}
