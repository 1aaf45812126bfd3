import { start } from "./start.ts";

// The specifier is computed on purpose: Deno resolves and parses literal dynamic imports at startup.
const load = (name: string) =>
  import(import.meta.resolve(`./cli/${name}${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`));

await start({
  main: () => load("main"),
  complete: () => load("complete"),
  texts: import.meta.url,
});
