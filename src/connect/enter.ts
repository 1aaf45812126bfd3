import { defined } from "../lib/defined.ts";
import type { ClusterContext } from "../context.ts";
import { ScopeError } from "../errors.ts";
import type { V1Pod } from "../kube/cluster.ts";
import { isFinished, isTerminating, podName, toTarget } from "../kube/pods.ts";
import { choosePod, selectPods } from "../kube/resolve.ts";
import { watchPods } from "../kube/watch.ts";
import type { ManagerConnection } from "../manager/client/connection.ts";
import type { GlobalOptions } from "../options.ts";
import type { Target, TargetQuery } from "../target.ts";
import { packagedImage } from "../version.ts";
import type { Needs } from "../way.ts";
import { AutoWay } from "./auto.ts";
import { EphemeralWay } from "./ephemeral.ts";
import type { NodeEndpoint } from "./node.ts";
import { NodeWay } from "./node.ts";
import type { ManagerEndpoint } from "./manager_endpoint.ts";
import { askToEnd, connectTo } from "./connect.ts";

export interface Entered<P extends ManagerEndpoint = ManagerEndpoint> {
  target: Target;
  endpoint: P;
  connection: ManagerConnection;
}

/** Image used without --image: the one that scripts/scope sets, or else the one built into this package. */
const defaultImage = () => Deno.env.get("SCOPE_DEFAULT_IMAGE") || packagedImage();

export function namespaceOf({ options, cluster }: ClusterContext): string {
  return options.namespace ?? cluster.namespace;
}

export function makeNodeWay({ cluster, options, createdBy, notice }: ClusterContext, namespace: string): NodeWay {
  return new NodeWay(cluster, {
    namespace: options.debugNamespace ?? namespace,
    image: imageOf(options),
    regcred: options.regcred,
    pullPolicy: options.pullPolicy,
    timeoutMs: options.timeoutMs,
    ...defined({ createdBy }),
    notice,
  });
}

export function makeEphemeralWay({ cluster, options, createdBy, notice, detail }: ClusterContext): EphemeralWay {
  const { pullPolicy, timeoutMs } = options;
  return new EphemeralWay(cluster, {
    image: imageOf(options),
    pullPolicy,
    ...defined({ createdBy }),
    timeoutMs,
    notice,
    detail,
    askToEnd,
  });
}

/** Throws ScopeError (usage). */
function imageOf({ image = defaultImage() }: GlobalOptions): string {
  if (image !== undefined) return image;
  throw new ScopeError("usage", "No endoscope image specified", {
    hint: "give --image, or set SCOPE_IMAGE, to where your cluster pulls it from; ~/.config/scope/env keeps it",
  });
}

/** Finds the one pod of a query, with a notice when the choice is not obvious. Throws ScopeError. */
export async function findPod(
  context: ClusterContext,
  query: TargetQuery,
  { ownNetwork = false }: Needs = {},
): Promise<{ pod: V1Pod; target: Target }> {
  const { pods, of } = await selectPods(context.cluster, namespaceOf(context), query);
  const pod = choosePod(pods)!;
  if (of !== undefined) context.notice(`using pod "${podName(pod)}" of ${of}`);
  if (ownNetwork && pod.spec?.hostNetwork === true) {
    throw new ScopeError("usage", `Cannot do this in pod "${podName(pod)}": it has the network of its node`, {
      hint: "the rules of the whole node would be changed; choose a pod with a network of its own",
    });
  }
  const target = toTarget(pod, query.container), { name } = target.container;
  const isInit = pod.spec?.initContainers?.some((one) => one.name === name);
  const waits = pod.status?.conditions?.some(({ type, status }) => type === "Initialized" && status === "False");
  if (query.container === undefined && isInit && waits) {
    context.notice(`using init container "${name}" of pod "${podName(pod)}", which the others wait for`);
  }
  return { pod, target };
}

/** Connects to the target by the way of `--via`, and makes sure that a manager of this version answers there. */
export async function enter(context: ClusterContext, query: TargetQuery, needs: Needs): Promise<Entered> {
  const { cluster, options, signal, detail } = context;
  const ephemeral = makeEphemeralWay(context);
  if (options.via === "ephemeral") {
    const { pod, target } = await findPod(context, query, needs);
    const plan = await ephemeral.plan(pod, target, needs);
    return await connected(context, target, await ephemeral.reach(pod, target, plan, signal));
  }
  if (options.via === "node") return await enterNode(context, query, needs);
  const node = makeNodeWay(context, namespaceOf(context));
  node.prefetch();
  const { pod, target } = await findPod(context, query, needs);
  const auto = new AutoWay(cluster, node, ephemeral, detail);
  return await connected(context, target, await auto.reach(pod, target, needs, signal));
}

/** Connects to the target through the debug pod of its node. */
export async function enterNode(
  context: ClusterContext,
  query: TargetQuery,
  needs: Needs = {},
): Promise<Entered<NodeEndpoint>> {
  const way = makeNodeWay(context, namespaceOf(context));
  way.prefetch();
  const { target } = await findPod(context, query, needs);
  return await connected(context, target, await way.reach(target, context.signal));
}

async function connected<P extends ManagerEndpoint>(
  context: ClusterContext,
  target: Target,
  endpoint: P,
): Promise<Entered<P>> {
  return { target, endpoint, connection: await connectTo(context, endpoint) };
}

/** Returns a signal that is aborted with a ScopeError when the target is deleted or finishes; ends with `signal`. */
export function watchTarget({ cluster }: ClusterContext, target: Target, signal: AbortSignal): AbortSignal {
  const lost = new AbortController();
  const lose = (how: string) =>
    lost.abort(
      new ScopeError("unreachable", `Pod "${target.namespace}/${target.pod}" ${how}`, {
        hint: "choose a pod that runs",
      }),
    );
  const watch = async () => {
    const options = { namespace: target.namespace, fieldSelector: `metadata.name=${target.pod}` };
    let exists = false;
    for await (const change of watchPods(cluster, options, signal)) {
      if (change.type === "LISTED" ? exists : isSame(change.pod, target) && change.type !== "DELETED") {
        exists = true;
        if (change.type !== "LISTED" && isFinished(change.pod)) {
          return lose(isTerminating(change.pod) ? "was deleted meanwhile" : "has finished meanwhile");
        }
      } else {
        return lose("was deleted meanwhile");
      }
    }
  };
  watch().catch(() => {}); // not allowed to watch: the loss of the pod shows only in the tool's own output
  return lost.signal;
}

function isSame(pod: V1Pod, target: Target): boolean {
  return pod.metadata?.uid === target.uid || pod.metadata?.annotations?.["kubernetes.io/config.hash"] === target.uid;
}
