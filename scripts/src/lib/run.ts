import { run, type RunOptions } from "../../../tests/cluster/processes.ts";
import { interrupted } from "./interrupt.ts";
import { say } from "./output.ts";

/** Runs a program to its end, shows its stderr, and returns its stdout. Throws ClusterError when it fails. */
export async function runShown(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  return await run(argv, { signal: interrupted, onLine: say, ...options });
}

/** Runs a program that removes something, also after an interruption. Its failure is ignored: there may be nothing left. */
export async function runCleanup(argv: readonly string[], options: RunOptions = {}): Promise<void> {
  await run(argv, options).catch(() => {});
}
