import { version } from "./version.ts";

// Said before anything is loaded: a version is asked for often, and by programs.
if (Deno.args.length === 1 && (Deno.args[0] === "--version" || Deno.args[0] === "-V")) {
  console.log(`scope ${version}`);
} else {
  // Not a plain text: Deno reads and analyses whatever an import is known to load, also when it is never reached.
  const load = (name: string) =>
    import(import.meta.resolve(`./edge/${name}${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`));
  if (Deno.args[0] === "complete" && Deno.args[1] === "--") {
    const { complete } = await load("complete") as typeof import("./edge/complete.ts");
    Deno.exit(await complete(Deno.args.slice(2)));
  }
  const { main } = await load("main") as typeof import("./edge/main.ts");
  Deno.exit(await main(Deno.args));
}
