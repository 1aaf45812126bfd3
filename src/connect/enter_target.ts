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
 * Goes beside a target. Disposing lets go of it, and with `--terminate` removes the debug pod if this run made it. Who removes it
 * later gets what was `made`.
 */
export async function enterBeside(
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
      await letGo(context, endpoint, connection);
    },
  });
}

/** Ends a connection, and with `--terminate` what its manager runs in, if this run made that. */
export async function letGo(
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
 * Removes what a manager runs in, unless another client has come to use it, too: then it stays for that one. `ending` is what the
 * manager has answered; where it has not, it is asked over a new connection, as the loss of one is no consent.
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
  // What failed before is what the command ends with.
  await endpoint.remove?.().catch(({ message }) => context.notice(`cannot remove ${endpoint.place}: ${message}`));
}

/** How long a manager may take to forget a client whose connection was lost, and how often it is asked; milliseconds. */
const forgottenMs = 5000, askAgainMs = 500;

/** Whether the manager ends, or has ended; undefined where nobody can tell. */
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
