/** Runs every test; options.ts has the usage. */
import { existsSync } from "node:fs";
import { ClusterError } from "../cluster/errors.ts";
import { ROOT } from "./lane.ts";
import { parseOptions, USAGE, UsageError } from "./options.ts";
import { Suite } from "./suite.ts";

const UNAVAILABLE = 69;
const WRONG_USAGE = 64;

async function main(signal: AbortSignal): Promise<number> {
  const options = parseOptions(Deno.args, navigator.hardwareConcurrency, (name) => Deno.env.get(name));
  if (options.help) {
    print(USAGE);
    return 0;
  }
  const unknown = options.files.find((file) => !existsSync(`${ROOT}/${file}`));
  if (unknown !== undefined) {
    throw new UsageError(`Cannot find the test file "${unknown}"`, "its path begins with tests/");
  }
  return await new Suite(options, signal, print).run();
}

function print(text: string) {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) Deno.addSignalListener(name, () => interrupted.abort());
try {
  Deno.exit(await main(interrupted.signal));
} catch (error) {
  if (interrupted.signal.aborted) Deno.exit(130);
  const isUsage = error instanceof UsageError;
  if (!isUsage && !(error instanceof ClusterError)) throw error;
  console.error(`error: ${error.message}${error.hint === undefined ? "" : `\nhint: ${error.hint}`}`);
  if (isUsage) Deno.exit(WRONG_USAGE);
  // What ends a run before its first test counts as well.
  print("0 passed, 1 failed\n");
  Deno.exit(UNAVAILABLE);
}
