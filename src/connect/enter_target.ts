import type { TargetClient } from "../context.ts";
import { delay } from "../lib/delay.ts";
import type { ManagerConnection } from "../manager/client/connection.ts";
import type { TargetQuery } from "../target.ts";
import type { Needs } from "../way.ts";
import type { ManagerEndpoint } from "./manager_endpoint.ts";
import { makeTargetClient } from "./target_client.ts";
import { askToEnd } from "./connect.ts";
import type { ClusterContext } from "../context.ts";
import { enter, watchTarget } from "./enter.ts";

/**
 * Connects to a target. Disposing closes the connection, and with `--terminate` removes the debug pod if this run created it.
 * Calls `made` with an endpoint that this run created, for callers that remove it later themselves.
 */
export async function enterTarget(
  context: ClusterContext,
  query: TargetQuery,
  needs: Needs,
  made?: (endpoint: ManagerEndpoint) => void,
): Promise<TargetClient> {
  const { target, endpoint, connection } = await enter(context, query, needs);
  if (endpoint.created) made?.(endpoint);
  context.detail(`beside "${target.namespace}/${target.pod}" through ${endpoint.place}`);
  const ended = new AbortController();
  return makeTargetClient({
    target,
    connection,
    endpoint,
    signal: context.signal,
    watch: () => watchTarget(context, target, ended.signal),
    async dispose() {
      ended.abort();
      await releaseTarget(context, endpoint, connection);
    },
  });
}

/** Closes a connection, and with `--terminate` removes the pod or container of the manager if this run created it. */
export async function releaseTarget(
  context: ClusterContext,
  endpoint: ManagerEndpoint,
  connection: ManagerConnection,
): Promise<void> {
  const terminate = context.options.terminate && endpoint.created;
  const ask = async () => (await connection.calls.shutdown({}, { timeoutMs: 2000, signal: connection.lost })).ending;
  const ending = terminate ? await ask().catch(() => undefined) : undefined;
  await connection[Symbol.asyncDispose]();
  if (terminate) await removeUnused(context, endpoint, ending);
}

/**
 * Removes the pod or container of a manager unless another client uses it. `ending` is the manager's answer to the shutdown
 * request. Without an answer it is asked over a new connection: a lost connection does not mean that it is unused.
 */
export async function removeUnused(
  context: Pick<ClusterContext, "notice">,
  endpoint: ManagerEndpoint,
  ending?: boolean,
): Promise<void> {
  ending ??= await endsWhenAsked(endpoint);
  if (ending === false) return context.notice(`${endpoint.place} stays: others use it`);
  if (ending === undefined) {
    return context.notice(
      `${endpoint.place} stays: its manager does not answer, and others may use it; it ends when it has been idle for 10 minutes`,
    );
  }
  // A failed removal is only a notice: it must not hide the command's own error.
  await endpoint.remove?.().catch(({ message }) => context.notice(`cannot remove ${endpoint.place}: ${message}`));
}

/** Limit for a manager to forget a client whose connection was lost, and the interval between requests, in milliseconds. */
const forgottenMs = 5000, askAgainMs = 500;

/** Returns whether the manager ends or has ended; undefined when that is unknown. */
async function endsWhenAsked(endpoint: ManagerEndpoint): Promise<boolean | undefined> {
  const end = performance.now() + forgottenMs;
  try {
    while (true) {
      const stream = await endpoint.again?.();
      if (stream === undefined || await askToEnd(stream)) return true;
      if (performance.now() > end) return false;
      await delay(askAgainMs, new AbortController().signal);
    }
  } catch {
    return await endpoint.whyEnded() === undefined ? undefined : true;
  }
}
