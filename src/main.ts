import { start } from "./start.ts";

// Not a plain text: Deno reads and analyses whatever an import is known to load, also when it is never reached.
const rest = import.meta.resolve(`./edge/main${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`);
await start(() => import(rest));
