import { delay } from "./delay.ts";
import { ClusterError } from "./errors.ts";

export interface UntilOptions {
  readonly signal?: AbortSignal;
  /** Interval of the checks, in milliseconds. */
  readonly every?: number;
  /** Hint of the error when the wait fails. */
  readonly hint?: string;
  /** Returns the missing parts, for the error. */
  readonly missing?: () => string;
}

/** Waits until `condition` holds, at most `limit` seconds; the error names `what` it waited for. */
export async function until(
  what: string,
  limit: number,
  condition: () => boolean | Promise<boolean>,
  options: UntilOptions = {},
): Promise<void> {
  const end = performance.now() + limit * 1000;
  while (!await condition()) {
    options.signal?.throwIfAborted();
    if (performance.now() > end) {
      const missing = options.missing?.();
      throw new ClusterError(
        `Cannot wait longer than ${limit} s for ${what}${missing ? `: ${missing}` : ""}`,
        options.hint,
      );
    }
    await delay(options.every ?? 50, options.signal);
  }
}
