import { parseArgs } from "node:util";

export const names = [
  ...["version", "help", "launch", "pids", "ping", "shell", "throughput", "files", "load", "memory"] as const,
  ...["completion"] as const,
  ...["prompt", "loss"] as const,
  ...["redir-start", "redir-latency", "redir-rate", "redir-throughput"] as const,
  ...["redir-stalled", "redir-slow", "redir-memory"] as const,
] as const;
export type Name = (typeof names)[number];

export interface Options {
  runs: number;
  only: readonly Name[];
  /** Only checks the options. */
  check: boolean;
}

/** Parses the options. Throws a TypeError or RangeError with a message for users. */
export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: { type: "string", default: "15" },
      only: { type: "string", multiple: true, default: [] },
      check: { type: "boolean", default: false },
    },
  });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new RangeError(`Option --runs cannot be "${values.runs}"`);
  const only = values.only.map((name) => {
    const known = names.find((one) => one === name);
    if (known === undefined) throw new RangeError(`Option --only cannot be "${name}"`);
    return known;
  });
  return { runs, only: only.length === 0 ? names : only, check: values.check };
}
