import { parseArgs } from "node:util";

export const USAGE = `Usage: scripts/test [--all] [--steps odd|even] [--lanes N] [--keep] [FILE...]

Installs what is missing, runs the gate (deno task ok), builds the endoscope image, and runs the end-to-end tests (or just
those FILEs) on clusters of scripts/cluster, one for each lane. The clusters are left as they were found.
All of it finds the programs of the packages in tests/programs/packages.ts, and no others that this machine has.
Each file prints its output when it is done. The last line is the count: "N passed, N failed".

  --all      run everything: every test by both ways, and tests whose sources have not changed since they passed.
             $SCOPE_TEST_ALL=1 does the same
  --lanes N  number of files that run at the same time (default: one for each core, at most 4; one for FILEs)
  --steps odd|even
             run only every other step of each test, to see that none needs the one before it
  --keep     leave the first cluster running
`;

/** Steps of each test to run. */
export type Steps = "odd" | "even";

export interface Options {
  readonly all: boolean;
  readonly steps: Steps | undefined;
  readonly lanes: number;
  readonly keep: boolean;
  readonly help: boolean;
  readonly files: readonly string[];
}

/** A command line that is wrong: one line, and its hint. */
export class UsageError extends Error {
  override readonly name = "UsageError";

  constructor(message: string, readonly hint = "see scripts/test --help") {
    super(message);
  }
}

/** Parses the command line. Throws UsageError. */
export function parseOptions(
  argv: readonly string[],
  cores: number,
  env: (name: string) => string | undefined,
): Options {
  const { values, positionals } = parsed(argv);
  const files = positionals.map((file) => file.replace(/^\.\//, ""));
  const most = files.length === 0 ? Math.min(cores, 4) : 1;
  const lanes = values.lanes === undefined ? most : Number(values.lanes);
  if (!Number.isInteger(lanes) || lanes < 1 || lanes > 16) {
    throw new UsageError(`Option --lanes cannot be "${values.lanes}"`, "it is a number from 1 to 16");
  }
  const { steps } = values;
  if (steps !== undefined && steps !== "odd" && steps !== "even") {
    throw new UsageError(`Option --steps cannot be "${steps}"`, "it is odd or even");
  }
  return {
    steps,
    all: values.all || (env("SCOPE_TEST_ALL") ?? "") !== "",
    lanes,
    keep: values.keep,
    help: values.help,
    files,
  };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        all: { type: "boolean", default: false },
        lanes: { type: "string" },
        steps: { type: "string" },
        keep: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\. .*/s, "").replaceAll("'", '"'));
  }
}
