import { version } from "./version.ts";

// Said before anything is loaded: a version is asked for often, and by programs.
if (Deno.args.length === 1 && (Deno.args[0] === "--version" || Deno.args[0] === "-V")) {
  console.log(`scope ${version}`);
} else {
  const { main } = await import("./edge/main.ts");
  Deno.exit(await main(Deno.args));
}
