import { Backoff, type Pace } from "../lib/backoff.ts";
import { delay } from "../lib/delay.ts";
import type { ErrorKind } from "../errors.ts";
import { ScopeError } from "../errors.ts";
import { StatusError } from "./status_error.ts";

/** Time for which "denied" is retried, in milliseconds: an API server that has just started may refuse what it allows later. */
const refusedMs = 30_000;
/** Limit for repeating a harmless request when the server gives no time, in milliseconds. */
const passingMs = 5000;

/** Longest wait that a server may ask for when attempts go on without end, in milliseconds. */
const longestAskedMs = 60_000;

/** Failures after which a request may be sent again: none, refusals before anything was done, or any. */
export type Repeat = "never" | "refused" | "always";

/** Returns true when the server did nothing and asks to retry later: 429, or 503 with a time. */
export function isPutOff(error: unknown): boolean {
  const answer = answerOf(error);
  return answer?.code === 429 || (answer?.code === 503 && answer.retryAfterMs !== undefined);
}

/** Returns true for a transient failure, after which it is unknown whether the request was carried out. */
export function isPassing(error: unknown): boolean {
  const answer = answerOf(error);
  return answer === undefined ? wasCut(error) : [500, 502, 503, 504].includes(answer.code);
}

/** Returns the wait that the server asks for (Retry-After), in milliseconds; 0 when it gives none. */
export function askedWaitMs(error: unknown): number {
  return answerOf(error)?.retryAfterMs ?? 0;
}

/** Returns the server's answer behind an error, translated or not. */
export function answerOf(error: unknown): StatusError | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    if (at instanceof StatusError) return at;
  }
  return undefined;
}

/** Returns true when an existing connection broke; false when none could be made, as a retry would not help. */
function wasCut(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    if (["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(String((at as { code?: unknown }).code))) return true;
  }
  return false;
}

/** Retries of a long-running task: after a success, failures are retried more patiently than before the first one. */
export class Attempts {
  readonly #backoff: Backoff;
  #worked = false;
  #failingSince: number | undefined;

  /** `transientKinds` are the kinds of failures after which another attempt may succeed. */
  constructor(pace: Pace, private readonly transientKinds: readonly ErrorKind[] = ["unreachable", "timeout"]) {
    this.#backoff = new Backoff(pace);
  }

  /** Records a success: the next failure is a new one, and is retried soon. */
  succeeded(): void {
    this.answered();
    this.#backoff.reset();
  }

  /** Records an answer, which may not last: the next failure is a new one, but the wait stays as long. */
  answered(): void {
    this.#worked = true;
    this.#failingSince = undefined;
  }

  /** Records a failure; returns true when another attempt may succeed. */
  mayRecover(error: unknown): boolean {
    this.#failingSince ??= performance.now();
    if (!(error instanceof ScopeError)) return false;
    const started = this.#worked && performance.now() - this.#failingSince < refusedMs;
    return this.transientKinds.includes(error.kind) || (error.kind === "denied" && started);
  }

  /** Returns the wait before the next attempt, in milliseconds; undefined when that would fail as well. */
  failed(error: unknown): number | undefined {
    return this.mayRecover(error) ? this.waitMs(error) : undefined;
  }

  /** Returns the wait before the next attempt, in milliseconds: longer each time, and as the server asks, up to a minute. */
  waitMs(error?: unknown): number {
    return Math.max(this.#backoff.next(), Math.min(askedWaitMs(error), longestAskedMs));
  }
}

/** Limits of the attempts at one request. */
export interface RetryOptions {
  repeat: Repeat;
  /** Limit of all attempts together, in milliseconds. */
  limitMs: number;
  signal: AbortSignal;
  /** Called for each failure that is followed by another attempt. */
  again(error: unknown, waitMs: number): void;
}

/** Makes a request, with retries where they may help and are harmless. Throws the last failure. */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { repeat, limitMs, signal, again }: RetryOptions,
): Promise<T> {
  const backoff = new Backoff({ firstMs: 250, longestMs: 2000 }), since = performance.now();
  while (true) {
    try {
      return await attempt();
    } catch (error) {
      const tried = performance.now() - since, putOff = isPutOff(error);
      const helps = putOff ? repeat !== "never" : repeat === "always" && isPassing(error) && tried < passingMs;
      if (!helps || signal.aborted) throw error;
      const waitMs = Math.max(backoff.next(), askedWaitMs(error));
      if (tried + waitMs >= limitMs) throw error;
      again(error, waitMs);
      await delay(waitMs, signal);
      if (signal.aborted) throw error;
    }
  }
}
