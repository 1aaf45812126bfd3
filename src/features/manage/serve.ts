import { delay } from "../../lib/delay.ts";
import type { ManageReady } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import type { ManagerConnection } from "../../manager/client/connection.ts";
import { forwarder } from "../../manager/client/forward.ts";
import type { TargetQuery } from "../../target.ts";
import type { Needs } from "../../way.ts";
import { translateCall } from "../../connect/target_client.ts";
import type { ServeOptions } from "./command.ts";
import { openListener } from "./listener.ts";
import type { ClusterContext } from "../../context.ts";
import { enter } from "../../connect/enter.ts";
import { releaseTarget } from "../../connect/enter_target.ts";

/**
 * Serves the manager next to a target to other programs on this machine, until it is aborted. All clients share one connection,
 * and everything they started ends with it. Throws ScopeError if no way works, or when the connection is lost.
 */
export async function* serve(
  context: ClusterContext,
  query: TargetQuery,
  needs: Needs,
  place: ServeOptions,
): AsyncIterable<ManageReady> {
  const connected = Promise.withResolvers<ManagerConnection>();
  connected.promise.catch(() => {}); // handled below
  // Listen first: nothing is created in the cluster for an address in use. Early clients wait.
  const forwarding = forwarder(connected.promise);
  await using listener = await openListener(forwarding, place);
  const { target: { namespace, pod }, endpoint, connection } = await enter(context, query, needs).catch((error) => {
    connected.reject(error);
    throw error;
  });
  const { signal } = context, { lost } = connection;
  try {
    connected.resolve(connection);
    const { name, way } = endpoint, { address } = listener;
    yield { type: "manage.ready", time: now(), name, address, namespace, pod, way };
    await until(AbortSignal.any([signal, lost]), () => forwarding.idleMs > (place.idleMs ?? Infinity));
    if (lost.aborted && !signal.aborted) {
      // The exec's error is only the hint: the cluster knows more.
      const { message, hint = message } = lost.reason;
      const error = new Error(hint, { cause: lost.reason });
      throw await translateCall(error, connection, endpoint, `beside "${namespace}/${pod}"`);
    }
  } finally {
    await listener[Symbol.asyncDispose]();
    await releaseTarget(context, endpoint, connection);
  }
}

/** Waits until the signal is aborted or `ended` returns true; checks once a second. */
async function until(signal: AbortSignal, ended: () => boolean): Promise<void> {
  while (!signal.aborted && !ended()) await delay(1000, signal);
}
