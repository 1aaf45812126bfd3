import { ScriptError, USAGE as USAGE_CODE } from "../../scripts/src/lib/errors.ts";
import { readOptions } from "../../scripts/src/lib/options.ts";

export const USAGE = `Usage: scripts/test [--all] [--steps odd|even] [--lanes N] [--keep] [FILE...]

Installs what is missing, runs the gate (deno task ok), builds the endoscope image, and runs the end-to-end tests (or just
those FILEs) on clusters of scripts/cluster, one for each lane. The clusters are left as they were found.
All of it finds the programs of the packages in tests/programs/packages.ts, and no others that this machine has.
Each file prints its output when it is done. The last line is the count: "N passed, N failed".

  --all      run everything: every test by both ways, and tests whose sources have not changed since they passed.
             $SCOPE_TEST_ALL=1 does the same
  --steps odd|even
             run only every other step of each test, to see that none needs the one before it
  --lanes N  number of files that run at the same time (default: the cores and one more, at most 4; one for FILEs)
  --keep     leave the first cluster running
`;

/** Steps of each test to run. */
export type Steps = "odd" | "even";

export interface Options {
  readonly all: boolean;
  readonly steps: Steps | undefined;
  readonly lanes: number;
  readonly keep: boolean;
  readonly files: readonly string[];
}

/** Parses the command line. Throws ScriptError. */
export function parseOptions(
  argv: readonly string[],
  cores: number,
  env: (name: string) => string | undefined,
): Options {
  const values = { lanes: "from 1 to 16", steps: "odd or even" };
  const { flags, values: given, operands } = readOptions(argv, { flags: ["all", "keep"], values });
  const files = operands.map((file) => file.replace(/^\.\//, ""));
  // Files mostly wait: one lane for each core would leave a fifth of the CPU time unused.
  const most = files.length === 0 ? Math.min(cores + 1, 4) : 1;
  const lanes = Number(given.lanes?.at(-1) ?? most);
  if (!Number.isInteger(lanes) || lanes < 1 || lanes > 16) throw invalid("lanes", given.lanes?.at(-1), values.lanes);
  const steps = given.steps?.at(-1);
  if (steps !== undefined && steps !== "odd" && steps !== "even") throw invalid("steps", steps, values.steps);
  return {
    all: flags.has("all") || (env("SCOPE_TEST_ALL") ?? "") !== "",
    steps,
    lanes,
    keep: flags.has("keep"),
    files,
  };
}

function invalid(option: string, value: string | undefined, hint: string): ScriptError {
  return new ScriptError(`Option --${option} cannot be "${value}"`, `it is ${hint}`, USAGE_CODE);
}
