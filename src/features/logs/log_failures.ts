import type { ScopeError } from "../../errors.ts";
import type { ContainerName, Event } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import { Attempts } from "../../kube/retry.ts";

/** Delays before a log is read again, in milliseconds. */
const pace = { firstMs: 100, longestMs: 5000 };
/** Transient failures: a container that is about to start has no log yet, and a new pod is not known everywhere yet. */
const transientKinds = ["unreachable", "timeout", "usage", "notFound"] as const;

/** Counts failures to read a log. Emits `log.lost` when it is lost and `log.back` when it can be read again. */
export class LogFailures {
  readonly #attempts = new Attempts(pace, transientKinds);
  #openedAt: number | undefined;
  #lostAt: number | undefined;
  #failures = 0;
  #reported = false;

  /** A stream that was open for longer than `goodMs` resets the failure count and the delay. */
  constructor(
    private readonly name: ContainerName,
    private readonly emit: (event: Event) => void,
    private readonly goodMs = 5000,
  ) {}

  /** Records that the server has answered. */
  opened(): void {
    const { name } = this, lostAt = this.#lostAt;
    if (this.#reported && lostAt !== undefined) {
      this.emit({ type: "log.back", time: now(), ...name, afterMs: Math.round(performance.now() - lostAt) });
    }
    this.#reported = false;
    this.#lostAt = undefined;
    this.#openedAt = performance.now();
    this.#attempts.answered();
  }

  /** Records a failure. Emits `log.lost` at the second one in a row: a single lost connection is usually open again at once. */
  failed({ kind, why, reason, hint }: ScopeError): void {
    // The container is about to start, or has just ended: the pod's status shows that.
    if (kind === "usage" || kind === "notFound") return;
    this.#lostAt ??= performance.now();
    this.#closed();
    this.#failures += 1;
    if (this.#reported || this.#failures < 2) return;
    this.#reported = true;
    const text = reason === "noAnswer" && hint !== undefined ? `${why}; ${hint}` : why;
    this.emit({ type: "log.lost", time: now(), ...this.name, reason: text });
  }

  /** Returns the delay before the next attempt, in milliseconds; it grows with each attempt. */
  waitMs(error?: unknown): number {
    this.#closed();
    return this.#attempts.waitMs(error);
  }

  /** True if another attempt may succeed. */
  mayRecover(error: unknown): boolean {
    return this.#attempts.mayRecover(error);
  }

  /** Records the end of the open stream, if there is one: a later failure to open another must not reset the count again. */
  #closed(): void {
    const lastedMs = performance.now() - (this.#openedAt ?? Infinity);
    this.#openedAt = undefined;
    if (lastedMs <= this.goodMs) return;
    this.#failures = 0;
    this.#attempts.succeeded();
  }
}
