import { start } from "./start.ts";

// What the bundle that is one file begins with: all else is in the same file.
await start(() => import("./edge/main.ts"));
