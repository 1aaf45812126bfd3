import type { TargetClient } from "../context.ts";
import { defined } from "../lib/defined.ts";
import { delay } from "../lib/delay.ts";
import { ScopeError } from "../errors.ts";
import type { Event } from "../event.ts";
import { now } from "../lib/timed.ts";
import { isFinished } from "../kube/pods.ts";
import { selectPods } from "../kube/resolve.ts";
import { Attempts } from "../kube/retry.ts";
import type { TargetQuery } from "../target.ts";
import type { Needs } from "../way.ts";
import type { ManagerEndpoint } from "./manager_endpoint.ts";
import type { ClusterContext } from "../context.ts";
import { enterTarget, removeUnused } from "./enter_target.ts";

/** Waits before attempts to reconnect. */
const pace = { firstMs: 250, longestMs: 5000 };

/** A pod identified by its name. */
export interface NamedPod {
  namespace: string;
  pod: string;
  container?: string;
}

/** A long-running task that is restarted when the connection to the manager was lost. */
export interface Resumable {
  needs: Needs;
  /** Hint for the error when the pod has gone. */
  gone: string;
  /** Runs until the signal is aborted. Throws ScopeError. */
  begin(client: TargetClient, signal: AbortSignal): AsyncIterable<Event>;
  /** Types of the events that report the start of the task, the loss of the connection, and the task's resumption. */
  started: Event["type"];
  lost: "redir.lost" | "bypass.lost";
  resumed: "redir.resumed" | "bypass.resumed";
}

/**
 * Runs a task on one pod until the signal is aborted, and reconnects whenever the connection is lost. With `--terminate` the
 * pods and containers created for the task are removed only at the end: while the connection is lost, other clients cannot be
 * counted, and a reconnect uses the same manager again.
 *
 * Throws ScopeError when the task cannot start, when the pod has gone, or for any other failure that a reconnect cannot mend.
 */
export async function* withReconnect(
  context: ClusterContext,
  pod: NamedPod,
  what: Resumable,
  signal: AbortSignal,
  enter = enterTarget,
): AsyncIterable<Event> {
  const { options } = context, made: ManagerEndpoint[] = [];
  const kept = { ...context, options: { ...options, terminate: false } };
  try {
    yield* rounds(kept, pod, what, signal, (...where) => enter(...where, (endpoint) => made.push(endpoint)));
  } finally {
    if (options.terminate) await Promise.all(made.map((endpoint) => removeUnused(context, endpoint)));
  }
}

async function* rounds(
  context: ClusterContext,
  { namespace, pod, container }: NamedPod,
  what: Resumable,
  signal: AbortSignal,
  enter: (context: ClusterContext, query: TargetQuery, needs: Needs) => Promise<TargetClient>,
): AsyncIterable<Event> {
  const name = { namespace, pod },
    query = { ...name, pod: `pod/${pod}`, ...defined({ container }) };
  const attempts = new Attempts(pace);
  let begun = false, lostAt: number | undefined;
  while (!signal.aborted) {
    let entered = false, gone: unknown, waitMs: number | undefined;
    try {
      const inNamespace = { ...context, signal, options: { ...context.options, namespace } };
      await using client = await enter(inNamespace, query, what.needs);
      entered = true;
      for await (const event of what.begin(client, AbortSignal.any([signal, client.targetGone]))) {
        if (event.type === what.started) {
          if (lostAt !== undefined) {
            yield { type: what.resumed, time: now(), ...name, afterMs: Math.round(performance.now() - lostAt) };
          }
          begun = true;
          lostAt = undefined;
          attempts.succeeded();
        }
        yield event;
      }
      if (!client.targetGone.aborted || signal.aborted) return;
      gone = client.targetGone.reason;
    } catch (error) {
      if (signal.aborted) return;
      waitMs = attempts.failed(error);
      // After connecting, a refusal comes from the manager, for example when another user takes over.
      const denied = (error as Partial<ScopeError>).kind === "denied" && (entered || lostAt === undefined);
      if (!begun || denied || waitMs === undefined) throw error;
      if (lostAt === undefined) {
        lostAt = performance.now();
        const { message } = error as ScopeError;
        yield { type: what.lost, time: now(), ...name, reason: message };
      }
    }
    if (gone !== undefined) throw gone;
    await delay(waitMs ?? attempts.waitMs(), signal);
    await assertThere(context, name, what.gone);
  }
}

/** Throws ScopeError when the pod no longer exists or has finished. Returns when that cannot be determined. */
async function assertThere({ cluster }: ClusterContext, { namespace, pod }: NamedPod, hint: string): Promise<void> {
  try {
    const { pods } = await selectPods(cluster, namespace, { pod: `pod/${pod}` });
    if (!pods.every(isFinished)) return;
  } catch (error) {
    if ((error as ScopeError).kind !== "notFound") return;
  }
  throw new ScopeError("unreachable", `Pod "${namespace}/${pod}" has gone meanwhile`, { hint });
}
