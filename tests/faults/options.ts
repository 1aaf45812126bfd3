import { parseArgs } from "node:util";

export interface Options {
  runs: number;
  only: readonly string[];
  /** Only checks the options. */
  check: boolean;
}

/** Parses the options. `names` are those of all faults. Throws a TypeError or RangeError with a message for users. */
export function parseOptions(argv: readonly string[], names: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: { type: "string", default: "20" },
      only: { type: "string", multiple: true, default: [] },
      check: { type: "boolean", default: false },
    },
  });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new RangeError(`Option --runs cannot be "${values.runs}"`);
  const unknown = values.only.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(`Option --only cannot be "${unknown}": it is one of ${names.join(", ")}`);
  }
  return { runs, only: values.only.length === 0 ? names : values.only, check: values.check };
}
