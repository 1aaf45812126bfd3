import { ScopeError } from "../../errors.ts";
import type { TargetQuery } from "../../target.ts";

/** Which logs are read, and how. */
export interface LogRequest {
  query: TargetQuery;
  /** All pods of the namespace, instead of those of the query. */
  all: boolean;
  /** Goes on with what comes; else it ends with what is there. */
  follow: boolean;
  /** The containers that ran before the ones that run now. */
  previous: boolean;
  /** Only lines that are no older, in seconds. */
  sinceSeconds?: number;
  /** At most so many lines of each container that are there already; missing: as it is fit for what was asked. */
  tail?: number | "all";
  /** Only lines that match. */
  grep?: RegExp;
  /** Runs on this machine meanwhile. */
  command?: readonly string[];
}

const unitSeconds: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** A time such as 30s, 5m, 2h or 1h30m, in whole seconds, rounded up. Throws ScopeError (usage). */
export function parseSince(text: string): number {
  const parts = /^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text) ? [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)] : [];
  const seconds = Math.ceil(parts.reduce((sum, [, value, unit]) => sum + Number(value) * unitSeconds[unit!]!, 0));
  if (seconds > 0 && seconds < 1e9) return seconds;
  throw new ScopeError("usage", `Option --since cannot be "${text}"`, {
    hint: "it is a time that has passed, such as 30s, 5m, 2h or 1d",
  });
}

/** A regular expression of JavaScript; `(?i)` at its start is understood as well. Throws ScopeError (usage). */
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
