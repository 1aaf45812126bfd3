import { oneLine } from "./lib/one_line.ts";
import type { Access } from "./rights/access.ts";

/** Classes of errors; each has its own exit code. */
export type ErrorKind = "usage" | "notFound" | "unreachable" | "bug" | "timeout" | "denied";

/** Exit codes after sysexits(3), one for each kind. */
export const exitCodes: Readonly<Record<ErrorKind, number>> = {
  usage: 64,
  notFound: 68,
  unreachable: 69,
  bug: 70,
  timeout: 75,
  denied: 77,
};

/** Failures that callers treat in their own way. */
export type ErrorReason = "noAnswer" | "noCluster" | "podSecurity";

export interface ErrorDetails {
  /** The task that failed: the message becomes "Cannot TASK: WHY". */
  task?: string;
  reason?: ErrorReason;
  /** The next thing to try, without a final period. */
  hint?: string;
  cause?: unknown;
  /** Missing Kubernetes permissions. The advice on them is added before the hint where the error is printed. */
  missing?: readonly Access[];
}

/** The only error shown to users. The message is one line in sentence case, with values quoted and without a final period. */
export class ScopeError extends Error {
  override readonly name = "ScopeError";
  readonly kind: ErrorKind;
  readonly task: string | undefined;
  /** The message without the task. */
  readonly why: string;
  readonly reason: ErrorReason | undefined;
  readonly hint: string | undefined;
  readonly missing: readonly Access[] | undefined;

  constructor(kind: ErrorKind, why: string, details: ErrorDetails = {}) {
    super(details.task === undefined ? why : `Cannot ${details.task}: ${why}`, { cause: details.cause });
    this.kind = kind;
    this.task = details.task;
    this.why = why;
    this.reason = details.reason;
    this.hint = details.hint;
    this.missing = details.missing;
  }

  get exitCode(): number {
    return exitCodes[this.kind];
  }
}

/** Converts any error to a ScopeError; an untranslated foreign error is a bug. */
export function toScopeError(error: unknown): ScopeError {
  if (error instanceof ScopeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ScopeError("bug", oneLine(message) || "Unknown error", {
    cause: error,
    hint: "this is a bug in scope; -v prints where it happened",
  });
}
