import type { Runner } from "../tool.ts";
import { ScopeError } from "../errors.ts";
import type { V1Node } from "../kube/cluster.ts";
import { statusOf } from "../kube/cluster.ts";
import { startRun } from "../manager/client/run_client.ts";
import { notReadyError } from "./trouble.ts";
import { translateCall } from "./target_client.ts";
import { connectTo } from "./connect.ts";
import type { ClusterContext } from "../context.ts";
import { makeNodeWay, namespaceOf } from "./enter.ts";
import { releaseTarget } from "./enter_target.ts";

/** Connects to a node through its debug pod. Throws ScopeError: notFound, unreachable when it is not ready, denied. */
export async function enterNodeRunner(context: ClusterContext, name: string): Promise<Runner> {
  const way = makeNodeWay(context, namespaceOf(context));
  way.prefetch();
  await assertReady(context, name);
  const endpoint = await way.reach({ node: name }, context.signal);
  const connection = await connectTo(context, endpoint);
  context.detail(`on node "${name}" through ${endpoint.place}`);
  return {
    // No watch: the loss of a node shows as the loss of the connection.
    targetGone: new AbortController().signal,
    run: (options) =>
      startRun(
        connection,
        options,
        { podUid: "", containerId: "", name: `node/${name}` },
        (error) => translateCall(error, connection, endpoint, `on node "${name}"`),
        { exec: endpoint.exec },
      ),
    [Symbol.asyncDispose]: () => releaseTarget(context, endpoint, connection),
  };
}

/** Throws ScopeError when the node does not exist or is not ready. Users without the right to read nodes pass. */
async function assertReady({ cluster }: ClusterContext, name: string): Promise<void> {
  try {
    const node = await cluster.request<V1Node>(`get node "${name}"`, {
      method: "GET",
      path: `/api/v1/nodes/${encodeURIComponent(name)}`,
    });
    const error = notReadyError(node, name);
    if (error !== undefined) throw error;
  } catch (error) {
    if (statusOf(error) === 403) return;
    if (statusOf(error) !== 404) throw error;
    throw new ScopeError("notFound", `Cannot find node "${name}"`, { hint: "kubectl get nodes lists them" });
  }
}
