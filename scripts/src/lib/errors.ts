import { ClusterError } from "../../../tests/cluster/errors.ts";

/** Exit codes of the scripts, see sysexits(3). */
export const USAGE = 64;
export const UNAVAILABLE = 69;
export const TEMPORARY = 75;

/** An error for users that ends a script with this exit code. */
export class ScriptError extends ClusterError {
  constructor(message: string, hint?: string, readonly code: number = UNAVAILABLE) {
    super(message, hint);
  }
}

/** A mistake on the command line; the script prints its usage before the error. */
export class UsageError extends ScriptError {
  constructor(message: string) {
    super(message, undefined, USAGE);
  }
}

/** Returns a handler that throws this error instead of the one that it gets. */
export function failing(message: string, hint?: string): () => never {
  return () => {
    throw new ScriptError(message, hint);
  };
}
