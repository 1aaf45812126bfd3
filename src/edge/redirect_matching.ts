import { Channel } from "../channel.ts";
import { ScopeError } from "../errors.ts";
import type { Event } from "../event.ts";
import { failed, now } from "../event.ts";
import type { V1Pod } from "../kube/cluster.ts";
import { isFinished, isTerminating, podIps, podName } from "../kube/pods.ts";
import { watchPods } from "../kube/watch.ts";
import type { EnterContext } from "./enter.ts";
import type { RedirectRun } from "./redirect_pod.ts";
import { assertRedirectable, redirectPod } from "./redirect_pod.ts";

export interface MatchingPods {
  namespace: string;
  labels: string;
  container?: string;
}

/**
 * Redirects all pods with these labels: those that come are taken as soon as they run, those that go are left.
 *
 * Throws ScopeError when the pods cannot be watched, and when none of them can be redirected.
 */
export async function* redirectMatching(
  context: EnterContext,
  { namespace, labels, container }: MatchingPods,
  run: RedirectRun,
): AsyncIterable<Event> {
  const events = new Channel<Event>(), stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const pods = new Map<string, { leave: AbortController; ended: Promise<void> }>();
  const held: Event[] = [];
  let begun = false, failures = 0, failure: unknown;

  const redirectOne = async (pod: V1Pod, leave: AbortSignal) => {
    const name = { namespace, pod: pod.metadata?.name ?? "" };
    const left = (reason: string) => void events.push({ type: "redir.left", time: now(), ...name, reason });
    try {
      assertRedirectable(pod);
      const named = { ...name, ...(container === undefined ? {} : { container }) };
      for await (const event of redirectPod(context, named, run, AbortSignal.any([signal, leave]))) {
        begun = true;
        for (const before of held.splice(0)) void events.push(before);
        void events.push(event);
      }
      if (leave.aborted) left(String(leave.reason));
    } catch (error) {
      if (!(error instanceof ScopeError)) throw error;
      if (leave.aborted) return left(String(leave.reason));
      failure ??= error;
      failures += 1;
      // Others may do better; where none has, there is nothing to wait for, and one word on it is enough.
      if (!begun && failures >= pods.size) return stop.abort();
      const event = failed(podName(pod), error);
      if (begun) void events.push(event);
      else held.push(event);
    }
  };
  const follow = async () => {
    for await (const change of watchPods(context.cluster, { namespace, labelSelector: labels }, signal)) {
      if (change.type === "LISTED") continue;
      const { pod } = change, uid = pod.metadata?.uid ?? "", known = pods.get(uid);
      const goes = change.type === "DELETED" || isTerminating(pod) || isFinished(pod);
      if (goes) known?.leave.abort(change.type === "DELETED" ? "it was deleted" : "it ends");
      else if (known === undefined && runs(pod)) {
        const leave = new AbortController();
        pods.set(uid, { leave, ended: redirectOne(pod, leave.signal) });
      }
      if (change.type === "DELETED") pods.delete(uid);
    }
  };
  const following = follow().catch((error) => {
    if (!signal.aborted) failure = error;
    stop.abort();
  }).then(() => Promise.allSettled([...pods.values()].map(({ ended }) => ended))).finally(() => events.close());
  try {
    yield* events;
    await following;
  } finally {
    stop.abort();
  }
  if (failure !== undefined && !begun) throw failure;
}

/** Far enough to be reached. */
function runs(pod: V1Pod): boolean {
  const statuses = pod.status?.containerStatuses ?? [];
  return podIps(pod).length > 0 && statuses.some(({ state }) => state?.running !== undefined);
}
