import { ScopeError } from "../../errors.ts";
import type { TargetQuery } from "../../target.ts";

/** A request for logs, as parsed from the command line. */
export interface LogRequest {
  query: TargetQuery;
  /** All pods of the namespace, instead of those of the query. */
  all: boolean;
  /** Follows the logs; otherwise reading ends with the last existing line. */
  follow: boolean;
  /** Reads the previous run of each container. */
  previous: boolean;
  /** Maximum age of lines, in seconds. */
  sinceSeconds?: number;
  /** Limit of existing lines of each container; undefined: the default of startAt() in read_logs.ts. */
  tail?: number | "all";
  /** Expression that lines must match. */
  grep?: RegExp;
  /** Command that runs on this machine meanwhile. */
  command?: readonly string[];
}

const unitSeconds: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** Parses a time such as 30s, 5m, 2h or 1h30m into whole seconds, rounded up. Throws ScopeError (usage). */
export function parseSince(text: string): number {
  const parts = /^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text) ? [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)] : [];
  const seconds = Math.ceil(parts.reduce((sum, [, value, unit]) => sum + Number(value) * unitSeconds[unit!]!, 0));
  if (seconds > 0 && seconds < 1e9) return seconds;
  throw new ScopeError("usage", `Option --since cannot be "${text}"`, {
    hint: "it is a time that has passed, such as 30s, 5m, 2h or 1d",
  });
}

/** Parses a regular expression of JavaScript, with an optional `(?i)` at its start. Throws ScopeError (usage). */
export function parseGrep(text: string): RegExp {
  const anyCase = text.startsWith("(?i)");
  try {
    return new RegExp(anyCase ? text.slice("(?i)".length) : text, anyCase ? "i" : "");
  } catch (error) {
    const why = (error as Error).message.replace(/^Invalid regular expression: /, "").replace(/\.$/, "");
    throw new ScopeError("usage", `Option --grep cannot be "${text}"`, {
      cause: error,
      hint: `it is a regular expression of JavaScript: ${why}`,
    });
  }
}
