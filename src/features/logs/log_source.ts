import { defined } from "../../lib/defined.ts";
import type { ContainerName, Event } from "../../event.ts";
import type { Cluster, V1Pod } from "../../kube/cluster.ts";
import { statusOf } from "../../kube/cluster.ts";
import { type LogQuery, readLog } from "../../kube/logs.ts";
import { podPath } from "../../kube/rest.ts";
import type { LogEntry } from "../../kube/log_lines.ts";
import { Slots } from "./slots.ts";

/** Number of streams that are opened at a time; the number of open streams has no limit. */
const openings = 16;
/** Time after which an unanswered request frees its slot, in milliseconds: a server does not answer while a log is empty. */
const openingMs = 500;
/** A stream that is idle for `idleMs`, or for `idleMsEach` per open stream if longer, is reopened; in milliseconds. */
const idleMs = 30_000, idleMsEach = 500;

/** Reads logs and pods of a cluster; shared by all followers of a command. */
export class LogSource {
  readonly #slots = new Slots(openings);
  #streams = 0;

  constructor(
    private readonly cluster: Cluster,
    readonly signal: AbortSignal,
    readonly grep: RegExp | undefined,
    /** Resolves when the consumer has taken the events. */
    readonly push: (events: readonly Event[]) => Promise<void>,
  ) {}

  async *read(
    query: LogQuery,
    signal: AbortSignal,
    { opened, final }: { opened?: () => void; final: boolean },
  ): AsyncIterable<LogEntry[]> {
    const release = await this.#slots.take();
    const timer = setTimeout(release, openingMs);
    this.#streams += 1;
    try {
      yield* readLog(this.cluster, query, signal, {
        final,
        opened() {
          release();
          opened?.();
        },
        idleMs: Math.max(idleMs, this.#streams * idleMsEach) * (1 + Math.random() / 4),
      });
    } finally {
      this.#streams -= 1;
      clearTimeout(timer);
      release();
    }
  }

  /** Requests the current pod; returns undefined if no pod has this name. Throws ScopeError. */
  async pod({ namespace, pod }: Pick<ContainerName, "namespace" | "pod">): Promise<V1Pod | undefined> {
    try {
      const what = `get pod "${pod}" in namespace "${namespace}"`;
      return await this.cluster.request<V1Pod>(what, { method: "GET", path: podPath(namespace, pod) });
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }
}

/** Appends the event of a line to `events`, if the line matches `grep`. */
export function toEvents(name: ContainerName, entry: LogEntry, grep: RegExp | undefined, events: Event[]): void {
  const { time, text, base64, cutBytes, unended } = entry;
  if (grep !== undefined && !grep.test(text)) return;
  events.push({
    type: "log.line",
    time,
    ...name,
    text,
    ...defined({ base64, cutBytes, unended }),
  });
}
