import type { TargetClient } from "../context.ts";
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
import { enterBeside, removeUnused } from "./enter_target.ts";

/** The waits before a lost connection is made again. */
const pace = { firstMs: 250, longestMs: 5000 };

/** A pod by its name. */
export interface NamedPod {
  namespace: string;
  pod: string;
  container?: string;
}

/** What is begun anew when the connection to the manager was lost. */
export interface Resumable {
  needs: Needs;
  /** What to do where the pod has gone. */
  gone: string;
  /** Goes on until the signal is aborted. Throws ScopeError. */
  begin(client: TargetClient, signal: AbortSignal): AsyncIterable<Event>;
  /** The event that says that it works from now on; those that say that it does not, and that it does again. */
  started: Event["type"];
  lost: "redir.lost" | "bypass.lost";
  resumed: "redir.resumed" | "bypass.resumed";
}

/**
 * Does something beside one pod until the signal is aborted, and comes back whenever the connection is lost. With `--terminate` what
 * was made for it is removed at the very end: while the connection is lost nobody can tell who else uses it, and who comes back uses
 * it again.
 *
 * Throws ScopeError when it cannot begin, when the pod goes, and whatever else it fails of.
 */
export async function* withReconnect(
  context: ClusterContext,
  pod: NamedPod,
  what: Resumable,
  signal: AbortSignal,
  enter = enterBeside,
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
    query = { ...name, pod: `pod/${pod}`, ...(container === undefined ? {} : { container }) };
  const attempts = new Attempts(pace);
  let begun = false, lostAt: number | undefined;
  while (!signal.aborted) {
    let entered = false, gone: unknown, waitMs: number | undefined;
    try {
      const inNamespace = { ...context, signal, options: { ...context.options, namespace } };
      await using client = await enter(inNamespace, query, what.needs);
      entered = true;
      for await (const event of what.begin(client, AbortSignal.any([signal, client.lost]))) {
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
      if (!client.lost.aborted || signal.aborted) return;
      gone = client.lost.reason;
    } catch (error) {
      if (signal.aborted) return;
      waitMs = attempts.failed(error);
      // Once beside the pod, a refusal is the manager's own, as when somebody takes over.
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

/** Throws ScopeError when there is nothing to come back to. Not being able to know is no reason to give up. */
async function assertThere({ cluster }: ClusterContext, { namespace, pod }: NamedPod, hint: string): Promise<void> {
  try {
    const { pods } = await selectPods(cluster, namespace, { pod: `pod/${pod}` });
    if (!pods.every(isFinished)) return;
  } catch (error) {
    if ((error as ScopeError).kind !== "notFound") return;
  }
  throw new ScopeError("unreachable", `Pod "${namespace}/${pod}" has gone meanwhile`, { hint });
}
