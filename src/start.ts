import { version } from "./version.ts";

/** The parts of the program, each loaded when it is needed. */
export interface PartialFiles {
  main(): Promise<typeof import("./cli/main.ts")>;
  complete(): Promise<typeof import("./cli/complete.ts")>;
}

/** Runs the program. What is said before anything is loaded: a version is asked for often, and by programs. */
export async function start(parts: PartialFiles): Promise<void> {
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
 * What TLS takes its random numbers from is seeded at its first use, which takes 30 ms of CPU time: another thread does it
 * while this one loads the program.
 */
function seedRandomNumbers(): void {
  crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]).catch(() => {}); // TLS does it, then
}

/** Prints a text. Where nobody reads it, that is no failure; where there is no room, it is. */
function notice(text: string): void {
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(text));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return;
    console.error(`error: Cannot write the output\nhint: ${error instanceof Error ? error.message : error}`);
    Deno.exit(69);
  }
}
