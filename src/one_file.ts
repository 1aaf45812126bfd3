import { start } from "./start.ts";

// What the bundle that is one file begins with: the bundler puts what is imported here into that file, too.
await start({ main: () => import("./cli/main.ts"), complete: () => import("./cli/complete.ts") });
