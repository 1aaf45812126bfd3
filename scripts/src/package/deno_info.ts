import { runShown } from "../lib/run.ts";

/** Returns the directories of this Deno's caches. */
export async function denoInfo(): Promise<{ denoDir: string; npmCache: string }> {
  return JSON.parse(await runShown([Deno.execPath(), "info", "--json"]));
}
