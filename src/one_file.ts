import { start } from "./start.ts";

// Entry point of the single-file bundle. The specifiers are literal, so that the bundler includes these modules.
await start({
  main: () => import("./cli/main.ts"),
  complete: () => import("./cli/complete.ts"),
});
