import type { BypassSummary, Event } from "../../event.ts";

/** Counts connections that went around a sidecar, over all restarts of a bypass. */
export class BypassTally {
  #pod: { namespace: string; pod: string; startedAt: number } | undefined;
  #before = 0;
  #since = 0;

  add(event: Event): void {
    if (event.type === "bypass.started") {
      const { namespace, pod } = event;
      this.#pod ??= { namespace, pod, startedAt: performance.now() };
      this.#before += this.#since;
      this.#since = 0;
    } else if (event.type === "bypass.traffic") this.#since = event.connections;
  }

  /** Returns the summary; none if the bypass has not started. */
  summaries(time: string): BypassSummary[] {
    if (this.#pod === undefined) return [];
    const { namespace, pod, startedAt } = this.#pod;
    const durationMs = Math.round(performance.now() - startedAt), connections = this.#before + this.#since;
    return [{ type: "bypass.summary", time, namespace, pod, connections, durationMs }];
  }
}
