import { commands, inUsersWords, parse } from "../../../src/app.ts";
import { completionScript } from "../../../src/features/completions/script.ts";
import { completedShells } from "../../../src/options.ts";
import { type ProgramName, setProgramName } from "../../../src/text/program_name.ts";
import { completionsFile, helpFile, helpWidths } from "../../../src/text/written_texts.ts";

/** Returns the texts that a bundle contains, by file: all help, and the scripts for completions. */
export function texts(): Map<string, string> {
  const made = new Map(completedShells.map((shell) => [completionsFile(shell), completionScript(shell)]));
  const names = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  for (const calledAs of ["scope", "kubectl scope"] as const) {
    for (const width of helpWidths) {
      made.set(helpFile(calledAs, width), help(["--help"], width, calledAs));
      for (const name of names) made.set(helpFile(calledAs, width, name), help([name, "--help"], width, calledAs));
    }
  }
  return made;
}

function help(argv: readonly string[], width: number, calledAs: ProgramName): string {
  let text = "";
  setProgramName(calledAs);
  try {
    parse(argv, { out: (more) => void (text += inUsersWords(more)), err() {}, width });
  } finally {
    setProgramName("scope");
  }
  return text;
}
