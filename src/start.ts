import { version } from "./version.ts";

/** Runs the program, with `load` for all but what is said before anything is loaded: programs ask for a version often. */
export async function start(load: () => Promise<typeof import("./edge/main.ts")>): Promise<void> {
  if (Deno.args.length === 1 && (Deno.args[0] === "--version" || Deno.args[0] === "-V")) {
    console.log(`scope ${version}`);
  } else {
    const { main } = await load();
    Deno.exit(await main(Deno.args));
  }
}
