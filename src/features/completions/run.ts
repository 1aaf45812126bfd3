import type { Context } from "../../context.ts";
import type { CompletedShell } from "../../options.ts";
import { completionScript } from "./script.ts";

/** Prints the completion script of a shell. */
export async function run({ print }: Context, shell: CompletedShell): Promise<number> {
  const script = new TextEncoder().encode(completionScript(shell));
  await print((async function* () {
    yield await Promise.resolve(script);
  })());
  return 0;
}
