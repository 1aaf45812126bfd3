import { delay } from "../lib/delay.ts";
import type { ErrorKind } from "../errors.ts";
import { ScopeError } from "../errors.ts";
import { StatusError } from "./status_error.ts";

/** An API server that has just started refuses for some time what it allows later; milliseconds. */
const refusedMs = 30_000;
/** Limit for repeating a harmless request where the server does not say when; milliseconds. */
const passingMs = 5000;

/** Longest wait that a server may ask for where attempts go on without end, in milliseconds. */
const longestAskedMs = 60_000;

/** The wait before another attempt, at first and at most, in milliseconds; it doubles each time. */
export interface Pace {
  firstMs: number;
  longestMs: number;
}

/** Failures after which a request may be sent again: none, refusals before anything was done, or any. */
export type Repeat = "never" | "refused" | "always";

/** The server did nothing, and says that it would later: 429, or 503 with a time. */
export function isPutOff(error: unknown): boolean {
  const answer = answerOf(error);
  return answer?.code === 429 || (answer?.code === 503 && answer.retryAfterMs !== undefined);
}

/** A failure of the moment, after which nobody knows whether the request was carried out. */
export function isPassing(error: unknown): boolean {
  const answer = answerOf(error);
  return answer === undefined ? wasCut(error) : [500, 502, 503, 504].includes(answer.code);
}

/** Time for which the server asks to be left alone, in milliseconds; 0 where it does not say. */
export function askedWaitMs(error: unknown): number {
  return answerOf(error)?.retryAfterMs ?? 0;
}

/** The answer behind an error, translated or not. */
export function answerOf(error: unknown): StatusError | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    if (at instanceof StatusError) return at;
  }
  return undefined;
}

/** The connection was there, and broke. Where there was none, another attempt finds none. */
function wasCut(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    if (["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(String((at as { code?: unknown }).code))) return true;
  }
  return false;
}

/** Attempts at one thing that goes on: what has worked is worth another attempt longer than what never did. */
export class Attempts {
  #nextMs: number;
  #worked = false;
  #failingSince: number | undefined;

  /** `mends` are the failures that pass. */
  constructor(
    private readonly pace: Pace,
    private readonly mends: readonly ErrorKind[] = ["unreachable", "timeout"],
  ) {
    this.#nextMs = pace.firstMs;
  }

  /** It works: what fails from now on is a new failure, and is tried again soon. */
  succeeded(): void {
    this.answered();
    this.#nextMs = this.pace.firstMs;
  }

  /** It was answered, which may not last: what fails from now on is a new failure. */
  answered(): void {
    this.#worked = true;
    this.#failingSince = undefined;
  }

  /** Whether another attempt may do better. */
  mayMend(error: unknown): boolean {
    this.#failingSince ??= performance.now();
    if (!(error instanceof ScopeError)) return false;
    const started = this.#worked && performance.now() - this.#failingSince < refusedMs;
    return this.mends.includes(error.kind) || (error.kind === "denied" && started);
  }

  /** Returns the wait before the next attempt, in milliseconds; undefined where that would fail as well. */
  failed(error: unknown): number | undefined {
    return this.mayMend(error) ? this.waitMs(error) : undefined;
  }

  /** Returns the wait before the next attempt, in milliseconds: longer each time, and as the server asks, up to a minute. */
  waitMs(error?: unknown): number {
    const waitMs = this.#nextMs;
    this.#nextMs = Math.min(waitMs * 2, this.pace.longestMs);
    // Not all at once: they were lost together.
    return Math.max(waitMs * (0.75 + Math.random() / 2), Math.min(askedWaitMs(error), longestAskedMs));
  }
}

/** Limits of the attempts at one request. */
export interface Patience {
  repeat: Repeat;
  /** The end of all attempts together, in milliseconds from now on. */
  limitMs: number;
  signal: AbortSignal;
  /** Told of each failure after which it is tried again. */
  again(error: unknown, waitMs: number): void;
}

/** Makes a request, again where that may help and is harmless. Throws what failed last. */
export async function patiently<T>(
  attempt: () => Promise<T>,
  { repeat, limitMs, signal, again }: Patience,
): Promise<T> {
  const pace = new Attempts({ firstMs: 250, longestMs: 2000 }), since = performance.now();
  while (true) {
    try {
      return await attempt();
    } catch (error) {
      const tried = performance.now() - since, putOff = isPutOff(error);
      const helps = putOff ? repeat !== "never" : repeat === "always" && isPassing(error) && tried < passingMs;
      if (!helps || signal.aborted) throw error;
      const waitMs = Math.max(pace.waitMs(), askedWaitMs(error));
      if (tried + waitMs >= limitMs) throw error;
      again(error, waitMs);
      await delay(waitMs, signal);
      if (signal.aborted) throw error;
    }
  }
}
