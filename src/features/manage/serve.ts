import { delay } from "../../lib/delay.ts";
import type { ManageReady } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import type { ManagerConnection } from "../../manager/client/connection.ts";
import { forwarder } from "../../manager/client/forward.ts";
import type { TargetQuery } from "../../target.ts";
import type { Needs } from "../../way.ts";
import { translateCall } from "../../connect/target_client.ts";
import type { ServeOptions } from "./command.ts";
import { openDoor } from "./listener.ts";
import type { ClusterContext } from "../../context.ts";
import { enter } from "../../connect/enter.ts";
import { letGo } from "../../connect/enter_target.ts";

/**
 * Lets others on this machine use the manager beside a target, until it is told to end. All of them share one connection,
 * and what they started ends with it. Throws ScopeError when there is no way, or when the connection is lost.
 */
export async function* serve(
  context: ClusterContext,
  query: TargetQuery,
  needs: Needs,
  place: ServeOptions,
): AsyncIterable<ManageReady> {
  const connected = Promise.withResolvers<ManagerConnection>();
  connected.promise.catch(() => {}); // told below
  // First of all: nothing is made in the cluster for a door that cannot be opened. Who comes early waits.
  const forwarding = forwarder(connected.promise);
  await using door = await openDoor(forwarding, place);
  const { target: { namespace, pod }, endpoint, connection } = await enter(context, query, needs).catch((error) => {
    connected.reject(error);
    throw error;
  });
  const { signal } = context, { lost } = connection;
  try {
    connected.resolve(connection);
    const { name, way } = endpoint, { address } = door;
    yield { type: "manage.ready", time: now(), name, address, namespace, pod, way };
    await until(AbortSignal.any([signal, lost]), () => forwarding.idleMs > (place.idleMs ?? Infinity));
    if (lost.aborted && !signal.aborted) {
      // What the exec ended with is the hint at most: the cluster knows more.
      const { message, hint = message } = lost.reason;
      const error = new Error(hint, { cause: lost.reason });
      throw await translateCall(error, connection, endpoint, `beside "${namespace}/${pod}"`);
    }
  } finally {
    await door[Symbol.asyncDispose]();
    await letGo(context, endpoint, connection);
  }
}

/** Waits for the signal or for what is looked at each second. */
async function until(signal: AbortSignal, ended: () => boolean): Promise<void> {
  while (!signal.aborted && !ended()) await delay(1000, signal);
}
