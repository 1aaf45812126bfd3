import type { ScopeError } from "../../errors.ts";
import type { ContainerName, Event } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import { Attempts } from "../../kube/retry.ts";

/** The waits before a log is read again. */
const pace = { firstMs: 100, longestMs: 5000 };
/** A stream that lasted so long was a good one, in milliseconds. */
const goodMs = 5000;
/** Failures that pass: a container that is about to start has no log yet, and a new pod is not everywhere known. */
const mends = ["unreachable", "timeout", "usage", "notFound"] as const;

/** Counts what goes wrong with a log, and tells when it is lost and when it is back. */
export class LogFailures {
  readonly #attempts = new Attempts(pace, mends);
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
    this.#attempts.answered();
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
  waitMs(error?: unknown): number {
    const lastedMs = performance.now() - (this.#openedAt ?? Infinity);
    if (this.#failures <= 1 && lastedMs > goodMs) this.#attempts.succeeded();
    return this.#attempts.waitMs(error);
  }

  /** Whether another attempt may do better. */
  mayMend(error: unknown): boolean {
    return this.#attempts.mayMend(error);
  }
}
