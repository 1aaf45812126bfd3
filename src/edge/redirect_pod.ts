import { delay } from "../delay.ts";
import { ScopeError } from "../errors.ts";
import type { Event } from "../event.ts";
import { now } from "../event.ts";
import type { V1Pod } from "../kube/cluster.ts";
import { isFinished, podName } from "../kube/pods.ts";
import { selectPods } from "../kube/resolve.ts";
import type { RedirectCall, RedirectPlan } from "../redirect.ts";
import type { Needs } from "../way.ts";
import type { EnterContext } from "./enter.ts";
import { enterBeside } from "./enter_beside.ts";

/** What redir needs of the place that it works from: to tell which ports are a container's, it looks into its processes. */
export function redirectNeeds({ incoming, ownContainer }: RedirectPlan): Needs {
  return { capabilities: ["NET_ADMIN"], ...(incoming === "all" && ownContainer ? { files: true } : {}) };
}

/** How long to wait before coming back after a lost connection: at first, and at most; milliseconds. */
const firstWaitMs = 250, longestWaitMs = 5000;
/** An API server that has just started refuses for some time what it allows later; milliseconds. */
const refusedMs = 30_000;

/** What is the same for all pods and all connections of one run of the program. */
export type RedirectRun = Omit<RedirectCall, "signal">;

/** A pod by its name. */
export interface NamedPod {
  namespace: string;
  pod: string;
  container?: string;
}

/** Throws ScopeError (usage) for a pod whose traffic is not its own. */
export function assertRedirectable(pod: V1Pod): void {
  if (pod.spec?.hostNetwork !== true) return;
  throw new ScopeError("usage", `Cannot redirect pod "${podName(pod)}": it has the network of its node`, {
    hint: "this would catch the traffic of the whole node; choose a pod with a network of its own",
  });
}

/**
 * Redirects one pod until the signal is aborted, and comes back whenever the connection is lost.
 *
 * Throws ScopeError when it cannot begin, when the pod goes, and when somebody takes over.
 */
export async function* redirectPod(
  context: EnterContext,
  { namespace, pod, container }: NamedPod,
  run: RedirectRun,
  signal: AbortSignal,
): AsyncIterable<Event> {
  const name = { namespace, pod },
    query = { ...name, pod: `pod/${pod}`, ...(container === undefined ? {} : { container }) };
  let waitMs = firstWaitMs, begun = false, lostAt: number | undefined;
  while (!signal.aborted) {
    let entered = false, gone: unknown;
    try {
      const inNamespace = { ...context, signal, options: { ...context.options, namespace } };
      await using beside = await enterBeside(inNamespace, query, redirectNeeds(run.plan));
      entered = true;
      const until = AbortSignal.any([signal, beside.lost]);
      for await (const event of beside.redirect({ ...run, signal: until })) {
        if (event.type === "redir.started") {
          if (lostAt !== undefined) {
            yield { type: "redir.resumed", time: now(), ...name, afterMs: Math.round(performance.now() - lostAt) };
          }
          begun = true;
          lostAt = undefined;
          waitMs = firstWaitMs;
        }
        yield event;
      }
      if (!beside.lost.aborted || signal.aborted) return;
      gone = beside.lost.reason;
    } catch (error) {
      if (signal.aborted) return;
      const { kind } = error as Partial<ScopeError>;
      const refused = kind === "denied" && !entered && lostAt !== undefined && performance.now() - lostAt < refusedMs;
      if (!begun || !(kind === "unreachable" || kind === "timeout" || refused)) throw error;
      if (lostAt === undefined) {
        lostAt = performance.now();
        const { message } = error as ScopeError;
        yield { type: "redir.lost", time: now(), ...name, reason: message };
      }
    }
    if (gone !== undefined) throw gone;
    await delay(waitMs, signal);
    waitMs = Math.min(waitMs * 2, longestWaitMs);
    await assertThere(context, name);
  }
}

/** Throws ScopeError when there is nothing to come back to. Not being able to know is no reason to give up. */
async function assertThere({ cluster }: EnterContext, { namespace, pod }: NamedPod): Promise<void> {
  try {
    const { pods } = await selectPods(cluster, namespace, { pod: `pod/${pod}` });
    if (!pods.every(isFinished)) return;
  } catch (error) {
    if ((error as ScopeError).kind !== "notFound") return;
  }
  throw new ScopeError("unreachable", `Pod "${namespace}/${pod}" has gone meanwhile`, {
    hint: "choose a pod that runs; with -l or TYPE/NAME scope follows those that come",
  });
}
