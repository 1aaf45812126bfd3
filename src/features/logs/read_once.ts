import { ScopeError } from "../../errors.ts";
import type { ContainerName, Event } from "../../event.ts";
import { failed } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import { logState } from "../../kube/container_logs.ts";
import { logName } from "../../kube/logs.ts";
import type { LogEntry } from "../../kube/log_lines.ts";
import { isBefore } from "./log_position.ts";
import type { LogRequest } from "./request.ts";
import { mergeSorted } from "../../lib/merge_sorted.ts";
import type { StartAt } from "./container_follower.ts";
import { type LogSource, toEvents } from "./log_source.ts";
import type { LogSelection } from "./selection.ts";

/**
 * Reads all existing logs, merged in the order of time.
 *
 * Throws ScopeError: denied, notFound if no container has a log, and any failure to read if there is only one log.
 */
export async function* readOnce(
  source: LogSource,
  { namespace, pods, wanted }: LogSelection,
  { previous, grep }: Pick<LogRequest, "previous" | "grep">,
  at: StartAt,
): AsyncIterable<Event> {
  const failures: { name: ContainerName; error: ScopeError }[] = [], names: ContainerName[] = [];
  let waiting: string | undefined;
  for (const pod of pods) {
    for (const { name: container } of wanted(pod)) {
      const name = { namespace, pod: pod.metadata?.name ?? "", container }, state = logState(pod, container);
      if ((previous ? state.previousId : state.id) !== undefined) names.push(name);
      else if (!previous && state.waiting !== undefined) {
        waiting ??= state.waiting;
        yield { type: "log.waiting", time: now(), ...name, reason: state.waiting };
      }
    }
  }
  if (names.length === 0) {
    throw previous
      ? new ScopeError("notFound", "Cannot find a container that ran before", {
        hint: "none of them was started anew; leave out --previous",
      })
      : new ScopeError("notFound", `Cannot find any logs: no container has started (${waiting})`, {
        hint: "leave out --no-follow to wait for them",
      });
  }
  const read = async function* (name: ContainerName): AsyncIterable<Line[]> {
    try {
      const query = { ...name, follow: false, previous, ...at };
      for await (const entries of source.read(query, source.signal, { final: true })) {
        yield entries.map((entry) => ({ name, entry }));
      }
    } catch (error) {
      if (!(error instanceof ScopeError) || error.kind === "denied") throw error;
      failures.push({ name, error });
    }
  };
  for await (const { name, entry } of mergeSorted(names.map(read), (a, b) => isBefore(a.entry, b.entry))) {
    const events: Event[] = [];
    toEvents(name, entry, grep, events);
    yield* events;
  }
  const [first] = failures;
  if (first !== undefined && names.length === 1) throw first.error;
  yield* failures.map(({ name, error }) => failed(`${namespace}/${logName(name)}`, error));
}

interface Line {
  name: ContainerName;
  entry: LogEntry;
}
