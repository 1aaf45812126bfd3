import type { ContainerName, Event } from "../../event.ts";
import type { Cluster, V1Pod } from "../../kube/cluster.ts";
import { statusOf } from "../../kube/cluster.ts";
import { type LogQuery, readLog } from "../../kube/logs.ts";
import { podPath } from "../../kube/rest.ts";
import type { LogEntry } from "../../kube/log_lines.ts";
import { Slots } from "./slots.ts";

/** So many streams are opened at once; once open, there is no limit. */
const openings = 16;
/** A server that does not answer a request for a log has nothing to say: it blocks nobody for longer, in milliseconds. */
const openingMs = 500;
/** A stream that has been silent for so long is opened anew, in milliseconds; with many streams later. */
const idleMs = 30_000, idleMsEach = 500;

/** What all followers of one command share. */
export class LogSource {
  readonly #slots = new Slots(openings);
  #streams = 0;

  constructor(
    private readonly cluster: Cluster,
    readonly signal: AbortSignal,
    readonly grep: RegExp | undefined,
    /** Resolves when the events were taken. */
    readonly push: (events: readonly Event[]) => Promise<void>,
  ) {}

  async *read(
    query: LogQuery,
    signal: AbortSignal,
    { opened, final }: { opened?: () => void; final: boolean },
  ): AsyncIterable<LogEntry[]> {
    const give = await this.#slots.take();
    const timer = setTimeout(give, openingMs);
    this.#streams += 1;
    try {
      yield* readLog(this.cluster, query, signal, {
        final,
        opened() {
          give();
          opened?.();
        },
        idleMs: Math.max(idleMs, this.#streams * idleMsEach) * (1 + Math.random() / 4),
      });
    } finally {
      this.#streams -= 1;
      clearTimeout(timer);
      give();
    }
  }

  /** The pod as it is; nothing when there is none of that name. Throws ScopeError. */
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

/** The event of a line, if it is wanted. */
export function toEvents(name: ContainerName, entry: LogEntry, grep: RegExp | undefined, events: Event[]): void {
  const { time, text, base64, cutBytes, unended } = entry;
  if (grep !== undefined && !grep.test(text)) return;
  events.push({
    type: "log.line",
    time,
    ...name,
    text,
    ...(base64 === undefined ? {} : { base64 }),
    ...(cutBytes === undefined ? {} : { cutBytes }),
    ...(unended === undefined ? {} : { unended }),
  });
}
