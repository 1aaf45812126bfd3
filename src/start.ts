import { programNameVariable } from "./text/program_name.ts";
import { writtenText } from "./text/written_texts.ts";
import { version } from "./version.ts";

/** The parts of the program, each loaded on demand. */
export interface ProgramParts {
  main(): Promise<typeof import("./cli/main.ts")>;
  complete(): Promise<typeof import("./cli/complete.ts")>;
  /** URL beside which the bundle's texts are, if it has them. */
  texts?: string;
}

/** Runs the program. `--version` and the bundle's texts are printed before anything is loaded. */
export async function start(parts: ProgramParts): Promise<void> {
  if (Deno.args.length === 1 && (Deno.args[0] === "--version" || Deno.args[0] === "-V")) {
    return notice(`scope ${version}\n`);
  }
  const text = textBeside(parts.texts);
  if (text !== undefined) return notice(text);
  seedRandomNumbers();
  if (Deno.args[0] === "complete" && Deno.args[1] === "--") {
    const { complete } = await parts.complete();
    Deno.exit(await complete(Deno.args.slice(2)));
  } else {
    const { main } = await parts.main();
    Deno.exit(await main(Deno.args));
  }
}

/** Returns the bundle's text that is asked for, if it has one. */
function textBeside(url: string | undefined): string | undefined {
  try {
    const columns = Deno.stdout.isTerminal() ? Deno.consoleSize().columns : undefined;
    const file = writtenText(Deno.args, columns, Deno.env.get(programNameVariable));
    return file === undefined || url === undefined ? undefined : Deno.readTextFileSync(new URL(file, url));
  } catch {
    return undefined; // the program makes it
  }
}

/**
 * Seeds TLS's random number generator on another thread while the main thread loads the program: seeding happens at the first
 * use and takes 30 ms of CPU time. If it fails, TLS seeds it later.
 */
function seedRandomNumbers(): void {
  crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]).catch(() => {});
}

/** Prints a text. A closed pipe is ignored; other errors, such as a full disk, exit with 69. */
function notice(text: string): void {
  try {
    for (let rest = new TextEncoder().encode(text); rest.length > 0;) rest = rest.subarray(Deno.stdout.writeSync(rest));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return;
    console.error(`error: Cannot write the output\nhint: ${error instanceof Error ? error.message : error}`);
    Deno.exit(69);
  }
}
