/** Runs the tests; options.ts has the usage. */
import { ScriptError, USAGE as USAGE_CODE } from "../../scripts/src/lib/errors.ts";
import { exists } from "../../scripts/src/lib/files.ts";
import { interrupted } from "../../scripts/src/lib/interrupt.ts";
import { print } from "../../scripts/src/lib/output.ts";
import { ROOT } from "../../scripts/src/lib/paths.ts";
import { runScript } from "../../scripts/src/lib/script.ts";
import { ClusterError } from "../cluster/errors.ts";
import { parseOptions, USAGE } from "./options.ts";
import { Suite } from "./suite.ts";

/** Exit code of a run with failed tests. */
const FAILED = 1;

await runScript(USAGE, async (args) => {
  const options = parseOptions(args, navigator.hardwareConcurrency, (name) => Deno.env.get(name));
  const unknown = options.files.find((file) => !exists(`${ROOT}/${file}`));
  if (unknown !== undefined) {
    throw new ScriptError(`Cannot find the test file "${unknown}"`, "its path begins with tests/", USAGE_CODE);
  }
  const passed = await new Suite(options, interrupted).run().catch((error) => {
    // A failure before the first test counts as well.
    if (error instanceof ClusterError) print("0 passed, 1 failed");
    throw error;
  });
  if (!passed && !interrupted.aborted) Deno.exit(FAILED);
});
