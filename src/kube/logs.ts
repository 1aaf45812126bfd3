import { ScopeError } from "../errors.ts";
import type { ContainerName } from "../event.ts";
import { type LogEntry, LogReader } from "./log_lines.ts";
import type { Cluster } from "./cluster.ts";
import { podPath } from "./rest.ts";
import { reasonOf, translate } from "./translate.ts";

const removedHint = "the node has it no more";

export interface LogQuery extends ContainerName {
  follow: boolean;
  /** Reads the log of the previous container. */
  previous?: boolean;
  /** RFC 3339; servers ignore fractions of seconds. */
  sinceTime?: string | undefined;
  sinceSeconds?: number | undefined;
  tailLines?: number | undefined;
}

export interface LogHooks {
  /** Called when the server has answered. */
  opened?(): void;
  /**
   * Limit of silence, in milliseconds, after which a followed stream ends: a connection that a firewall or load balancer has
   * forgotten stays silent for ever.
   */
  idleMs: number;
  /** Yields the last line even without a line end, as nothing more will come. */
  final: boolean;
}

/**
 * Reads the log of a container until the server ends it or `signal` is aborted.
 *
 * Throws ScopeError: denied, notFound where the pod has gone, usage while the container does not run yet, unreachable.
 */
export async function* readLog(
  cluster: Cluster,
  query: LogQuery,
  signal: AbortSignal,
  { opened, idleMs, final }: LogHooks,
): AsyncIterable<LogEntry[]> {
  const idle = new AbortController(), what = `read the logs of "${logName(query)}"`;
  const reader = new LogReader();
  let body: Awaited<ReturnType<Cluster["stream"]>> | undefined;
  try {
    const until = AbortSignal.any([signal, idle.signal]);
    const read = async <T>(answer: Promise<T>): Promise<T> => {
      const timer = setTimeout(() => idle.abort(), idleMs);
      try {
        return await answer;
      } finally {
        clearTimeout(timer);
      }
    };
    const open = () => read(cluster.stream({ ...requestOf(query), signal: until }));
    // A caller that follows the log reconnects by itself, and reports that.
    body = await (query.follow ? open() : cluster.call(what, open, { repeat: "always" }));
    opened?.();
    const chunks = body[Symbol.asyncIterator]();
    // Back-pressure: read on only when the lines before were taken, so that further lines wait in the kubelet.
    for (let next = await read(chunks.next()); !next.done; next = await read(chunks.next())) {
      const entries = reader.push(next.value);
      if (entries.length > 0) yield entries;
    }
    if (final) {
      const entries = reader.end();
      if (entries.length > 0) yield entries;
    } else reader.end();
  } catch (error) {
    if (signal.aborted || (idle.signal.aborted && query.follow)) return;
    if (idle.signal.aborted) {
      throw new ScopeError("timeout", `nothing came for ${Math.round(idleMs / 1000)} s`, {
        task: what,
        hint: "run it again",
      });
    }
    const translated = translate(what, error);
    if (!/previous terminated container .* not found/.test(reasonOf(error))) throw translated;
    throw new ScopeError("notFound", translated.why, { task: what, cause: error, hint: removedHint });
  } finally {
    body?.destroy();
  }
  // The kubelet reports in the text why it cannot read on.
  if (reader.errorText !== undefined) {
    const errorText = reader.errorText.trim(),
      removed = /^(unable to retrieve container logs|failed to (try|open) )/.test(errorText);
    throw new ScopeError(removed ? "notFound" : "unreachable", errorText, {
      task: what,
      hint: removed ? removedHint : "run it again",
    });
  }
}

/** Names a container's log for messages: `web-7c9 api`. */
export function logName({ pod, container }: Pick<ContainerName, "pod" | "container">): string {
  return `${pod} ${container}`;
}

function requestOf({ namespace, pod, container, follow, previous, ...rest }: LogQuery) {
  const number = (value: number | undefined) => value === undefined ? undefined : String(value);
  return {
    path: `${podPath(namespace, pod)}/log`,
    query: {
      container,
      timestamps: "true",
      follow: follow ? "true" : undefined,
      previous: previous ? "true" : undefined,
      sinceTime: rest.sinceTime,
      sinceSeconds: number(rest.sinceSeconds),
      tailLines: number(rest.tailLines),
    },
  };
}
