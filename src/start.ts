import { programNameVariable } from "./text/program_name.ts";
import { writtenText } from "./text/written_texts.ts";
import { version } from "./version.ts";
import { placeOfWorker, startWorker, type WorkerPlace } from "./warm/place.ts";
import { runByWorker } from "./warm/program.ts";
import { waitForCommand } from "./warm/worker.ts";

/** The parts of the program, each loaded on demand. */
export interface ProgramParts {
  main(): Promise<typeof import("./cli/main.ts")>;
  complete(): Promise<typeof import("./cli/complete.ts")>;
  /** URL beside which the bundle's texts are, if it has them. */
  texts?: string;
}

/** Runs the program. `--version` and the bundle's texts are printed before anything is loaded. */
export async function start(parts: ProgramParts): Promise<void> {
  const { args } = Deno;
  if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) return notice(`scope ${version}\n`);
  const text = textBeside(parts.texts);
  if (text !== undefined) return notice(text);
  const isWorker = args[0] === "worker" && args[1] === "wait";
  // The command that lists and ends workers uses none.
  const place = args.includes("worker") && !isWorker ? undefined : await placeOfWorker();
  if (isWorker) {
    if (place !== undefined) await waitForCommand(place, parts.main);
    Deno.exit(0);
  }
  const code = place === undefined ? undefined : await runByWorker(place);
  if (code !== undefined) Deno.exit(code);
  seedRandomNumbers();
  const ended = await runHere(parts);
  if (place !== undefined) await startNext(place, parts);
  Deno.exit(ended);
}

/** Does the work in this process. */
async function runHere(parts: ProgramParts): Promise<number> {
  if (Deno.args[0] !== "complete" || Deno.args[1] !== "--") return await (await parts.main()).main(Deno.args);
  return await (await parts.complete()).complete(Deno.args.slice(2));
}

async function startNext(place: WorkerPlace, parts: ProgramParts): Promise<void> {
  startWorker(place, Deno.args[0] === "complete" ? undefined : await (await parts.main()).lastUse());
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
