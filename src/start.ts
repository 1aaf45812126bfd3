import { version } from "./version.ts";

/** The parts of the program, each loaded on demand. */
export interface ProgramParts {
  main(): Promise<typeof import("./cli/main.ts")>;
  complete(): Promise<typeof import("./cli/complete.ts")>;
}

/** Runs the program. `--version` is answered before anything is loaded: it is asked for often, also by programs. */
export async function start(parts: ProgramParts): Promise<void> {
  if (Deno.args.length === 1 && (Deno.args[0] === "--version" || Deno.args[0] === "-V")) {
    notice(`scope ${version}\n`);
    return;
  }
  seedRandomNumbers();
  if (Deno.args[0] === "complete" && Deno.args[1] === "--") {
    const { complete } = await parts.complete();
    Deno.exit(await complete(Deno.args.slice(2)));
  } else {
    const { main } = await parts.main();
    Deno.exit(await main(Deno.args));
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
    Deno.stdout.writeSync(new TextEncoder().encode(text));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return;
    console.error(`error: Cannot write the output\nhint: ${error instanceof Error ? error.message : error}`);
    Deno.exit(69);
  }
}
