import { start } from "./start.ts";

// Not a plain text: Deno reads and analyses whatever an import is known to load, also when it is never reached.
const load = (name: string) =>
  import(import.meta.resolve(`./cli/${name}${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`));

await start({ main: () => load("main"), complete: () => load("complete") });
