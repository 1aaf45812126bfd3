import { ScopeError } from "../../errors.ts";
import type { ContainerName, Event } from "../../event.ts";
import { now } from "../../event.ts";

/** How long to wait before a log is read again: at first, and at most; milliseconds. */
const firstWaitMs = 100, longestWaitMs = 5000;
/** A stream that lasted so long was a good one, in milliseconds. */
const goodMs = 5000;
/** An API server that has just started refuses for some time what it allows later; milliseconds. */
const refusedMs = 30_000;

/** Counts what goes wrong with a log, and tells when it is lost and when it is back. */
export class LogFailures {
  #waitMs = firstWaitMs;
  #openedAt: number | undefined;
  #lostAt: number | undefined;
  #failures = 0;
  #told = false;

  constructor(private readonly name: ContainerName, private readonly tell: (event: Event) => void) {}

  /** The server has answered. */
  opened(): void {
    const { name } = this, lostAt = this.#lostAt;
    if (this.#told && lostAt !== undefined) {
      this.tell({ type: "log.back", time: now(), ...name, afterMs: Math.round(performance.now() - lostAt) });
    }
    this.#told = false;
    this.#lostAt = undefined;
    this.#openedAt = performance.now();
  }

  /** A connection that was cut, and is there again at once, is no news. */
  failed({ kind, message, hint }: ScopeError): void {
    // The container is about to start, or has just ended: the pod's status tells of that.
    if (kind === "usage" || kind === "notFound") return;
    this.#lostAt ??= performance.now();
    // A server that answers and then breaks off, again and again, is no good one.
    if (performance.now() - (this.#openedAt ?? Infinity) > goodMs) this.#failures = 0;
    this.#failures += 1;
    if (this.#told || this.#failures < 2) return;
    this.#told = true;
    const why = message.replace(/^Cannot [^:]*: /, "");
    const reason = hint === undefined || !why.includes("does not answer") ? why : `${why}; ${hint}`;
    this.tell({ type: "log.lost", time: now(), ...this.name, reason });
  }

  /** How long to wait now, in milliseconds; longer each time. */
  waitMs(): number {
    const lastedMs = performance.now() - (this.#openedAt ?? Infinity);
    if (this.#failures <= 1 && lastedMs > goodMs) this.#waitMs = firstWaitMs;
    const waitMs = this.#waitMs;
    this.#waitMs = Math.min(waitMs * 2, longestWaitMs);
    // Not all at once: they were lost together.
    return waitMs * (0.75 + Math.random() / 2);
  }

  /** Whether another attempt may do better. */
  mayMend(error: unknown): boolean {
    if (!(error instanceof ScopeError) || error.kind === "bug") return false;
    if (error.kind !== "denied") return true;
    this.#lostAt ??= performance.now();
    return this.#openedAt !== undefined && performance.now() - this.#lostAt < refusedMs;
  }
}
