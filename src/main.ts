import { version } from "./version.ts";

// Said before anything is loaded: a version is asked for often, and by programs.
if (Deno.args.length === 1 && (Deno.args[0] === "--version" || Deno.args[0] === "-V")) {
  console.log(`scope ${version}`);
} else {
  // Not a plain text: Deno reads and analyses whatever an import is known to load, also when it is never reached.
  const rest = import.meta.resolve(`./edge/main${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`);
  const { main } = await import(rest) as typeof import("./edge/main.ts");
  Deno.exit(await main(Deno.args));
}
