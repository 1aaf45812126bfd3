import { flags, permissions } from "./flags.ts";

/** Returns the arguments by which Deno runs this program. A compiled program needs none: its flags are built in. */
export function thisProgram(): string[] {
  if (Deno.build.standalone) return [];
  const main = Deno.mainModule, words = (list: typeof flags) => list.map(({ flag }) => flag);
  // The sources need the configuration, which names their packages.
  const config = ["--quiet", "--no-prompt", "--config", decodeURIComponent(new URL("../deno.json", main).pathname)];
  return ["run", ...main.endsWith(".ts") ? [...config, ...words(permissions)] : words(flags), main];
}
