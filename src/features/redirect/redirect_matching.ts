import { defined } from "../../lib/defined.ts";
import { Channel } from "../../lib/channel.ts";
import { delay } from "../../lib/delay.ts";
import { ScopeError } from "../../errors.ts";
import type { Event } from "../../event.ts";
import { failed } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import type { V1Pod } from "../../kube/cluster.ts";
import { isFinished, isTerminating, podIps, podName } from "../../kube/pods.ts";
import { Attempts } from "../../kube/retry.ts";
import { watchPods } from "../../kube/watch.ts";
import type { ClusterContext } from "../../context.ts";
import type { RedirectRun } from "./redirect_pod.ts";
import { assertRedirectable, redirectPod } from "./redirect_pod.ts";

export interface MatchingPods {
  namespace: string;
  labels: string;
  container?: string;
  /** Chooses among the pods with these labels; all of them if undefined. */
  wanted?: (pod: V1Pod) => boolean;
}

/** Delays before another attempt to reach a pod, in milliseconds. */
const pace = { firstMs: 1000, longestMs: 60_000 };

/** A pod that is redirected, or should be. */
interface Followed {
  readonly pod: V1Pod;
  readonly leave: AbortController;
  ended?: Promise<void>;
  /** True after the first failed attempt. */
  failed: boolean;
}

/**
 * Redirects all pods with these labels. New pods are redirected as soon as they run, terminating pods are left, and unreachable
 * pods are tried again.
 *
 * Throws ScopeError if the pods cannot be watched, or if every pod was tried and none can be redirected.
 */
export async function* redirectMatching(
  context: ClusterContext,
  { namespace, labels, container, wanted = () => true }: MatchingPods,
  runOf: (pod: V1Pod) => RedirectRun,
  redirect = redirectPod,
): AsyncIterable<Event> {
  const events = new Channel<Event>(), stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const pods = new Map<string, Followed>();
  const heldFailures: Event[] = [];
  let begun = false, failure: unknown;

  // Stops when every pod has failed; while one has not, it may still start.
  const stopInVain = () => {
    const there = [...pods.values()].filter(({ leave }) => !leave.signal.aborted);
    if (!begun && there.length > 0 && there.every(({ failed }) => failed)) stop.abort();
  };
  const fail = (one: Followed, error: ScopeError, again: boolean) => {
    const { message, hint, missing } = error, repeated = one.failed && again;
    failure ??= error;
    one.failed = true;
    const hints = again ? [...hint === undefined ? [] : [hint], "scope tries again"].join("; ") : hint;
    // Failures are held until one pod has started: if none does, the first error alone is thrown.
    if (!repeated) heldFailures.push(failed(podName(one.pod), { message, hint: hints, missing }));
    if (begun) emitHeld();
    stopInVain();
  };
  const emitHeld = () => {
    for (const event of heldFailures.splice(0)) void events.push(event);
  };
  const redirectOne = async (one: Followed) => {
    const { pod, leave: { signal: leave } } = one, until = AbortSignal.any([signal, leave]);
    const name = { namespace, pod: pod.metadata?.name ?? "" };
    const named = { ...name, ...defined({ container }) };
    const left = () => void events.push({ type: "redir.left", time: now(), ...name, reason: String(leave.reason) });
    const attempts = new Attempts(pace);
    while (!until.aborted) {
      let started = false, waitMs: number | undefined;
      try {
        assertRedirectable(pod);
        for await (const event of redirect(context, named, runOf(pod), until)) {
          started = begun = true;
          emitHeld();
          void events.push(event);
        }
        return leave.aborted ? left() : undefined;
      } catch (error) {
        if (!(error instanceof ScopeError)) throw error;
        if (leave.aborted) return left();
        // A started redirect reconnects by itself; its failure is final.
        waitMs = started ? undefined : attempts.failed(error);
        fail(one, error, waitMs !== undefined);
        if (waitMs === undefined) return;
      }
      await delay(waitMs, until);
    }
  };
  const follow = async () => {
    let listed = false;
    const begin = (one: Followed) => one.ended ??= redirectOne(one);
    for await (const change of watchPods(context.cluster, { namespace, labelSelector: labels }, signal)) {
      if (change.type === "LISTED") {
        // Pods start only after the full list: stopInVain() must know all of them.
        listed = true;
        for (const one of pods.values()) begin(one);
        continue;
      }
      const { pod } = change, uid = pod.metadata?.uid ?? "", known = pods.get(uid);
      const goes = change.type === "DELETED" || isTerminating(pod) || isFinished(pod);
      if (goes) known?.leave.abort(change.type === "DELETED" ? "it was deleted" : "it ends");
      else if (known === undefined && runs(pod) && wanted(pod)) {
        const one = { pod, leave: new AbortController(), failed: false };
        pods.set(uid, one);
        if (listed) begin(one);
      }
      if (change.type === "DELETED") pods.delete(uid);
      if (goes) stopInVain();
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

/** Returns true if the pod has an address and a running container. */
function runs(pod: V1Pod): boolean {
  const statuses = pod.status?.containerStatuses ?? [];
  return podIps(pod).length > 0 && statuses.some(({ state }) => state?.running !== undefined);
}
