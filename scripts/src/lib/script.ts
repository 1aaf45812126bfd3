import { ClusterError } from "../../../tests/cluster/errors.ts";
import { ScriptError, UNAVAILABLE, UsageError } from "./errors.ts";
import { handleSignals, interrupted } from "./interrupt.ts";
import { print, say } from "./output.ts";

/** Runs a script to its end: prints its usage or its error, and exits. */
export async function runScript(usage: string, main: (args: readonly string[]) => Promise<void>): Promise<never> {
  if (Deno.args.some((argument) => argument === "-h" || argument === "--help")) {
    print(usage.trimEnd());
    Deno.exit(0);
  }
  handleSignals();
  try {
    await main(Deno.args);
  } catch (error) {
    if (interrupted.aborted) Deno.exit(interrupted.reason);
    if (!(error instanceof ClusterError)) throw error;
    if (error instanceof UsageError) say(usage.trimEnd());
    say(error.text().trimEnd());
    Deno.exit(error instanceof ScriptError ? error.code : UNAVAILABLE);
  }
  Deno.exit(interrupted.aborted ? interrupted.reason : 0);
}
