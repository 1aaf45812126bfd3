import { ScopeError } from "../../errors.ts";
import type { CopySeen, DebugPodRemoved, DebugPodSeen, Event } from "../../event.ts";
import { failed } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import type { V1Pod } from "../../kube/cluster.ts";
import { containerOf, copyOrigin } from "../../kube/pod_copy.ts";
import { isFinished, podName, podStatus } from "../../kube/pods.ts";
import { assertNamespace, choosePod, listAllPods, listPods, selectPods } from "../../kube/resolve.ts";
import type { TargetQuery } from "../../target.ts";
import { copyStatus } from "./copy_progress.ts";
import { debugPodSelector, imageIn, managedBySelector } from "../../connect/debug_pod.ts";
import { removePod } from "../../connect/remove.ts";
import { endContainer, seenContainers } from "./ephemeral_containers.ts";
import { greet } from "../../connect/connect.ts";
import type { ClusterContext } from "../../context.ts";
import { enterNode, namespaceOf } from "../../connect/enter.ts";

/** The debug pods of the node Way, and the copies of pods: everything that scope creates and that stays. */
export interface DebugPods {
  /** Starts the debug pod of the target's node, or finds it, and waits until its manager answers. */
  launch(query: TargetQuery): Promise<Event>;
  /** Lists everything in the namespace, or with `everywhere` in all namespaces. */
  list(everywhere: boolean): Promise<Event[]>;
  /** Removes by the name of a target, a debug pod or a copy, or `all`. Everything is removed when the iteration ends. */
  remove(pod: string, everywhere: boolean): AsyncIterable<Event>;
}

/** Makes the operations on debug pods, which commands also start, and on copies of pods. */
export function makeDebugPods(context: ClusterContext): DebugPods {
  const { cluster, options } = context;
  const namespace = namespaceOf(context), debugNamespace = options.debugNamespace ?? namespace;

  async function listed(namespace: string, selector: string): Promise<V1Pod[]> {
    const items = await listPods(cluster, namespace, selector);
    if (items.length === 0) await assertNamespace(cluster, namespace);
    return items;
  }

  async function all(everywhere: boolean): Promise<V1Pod[]> {
    if (everywhere) return await listAllPods(cluster, managedBySelector);
    if (debugNamespace === namespace) return await listed(namespace, managedBySelector);
    // A copy is in the namespace of its original.
    const [debugPods, made] = await Promise.all([
      listed(debugNamespace, debugPodSelector),
      listed(namespace, managedBySelector),
    ]);
    return [...debugPods, ...made.filter((pod) => copyOrigin(pod) !== undefined)];
  }

  /** Returns pods that may have scope's ephemeral containers: these have no labels, so all pods are searched. */
  async function visited(everywhere: boolean, name = "all"): Promise<V1Pod[]> {
    if (name !== "all") {
      return await selectPods(cluster, namespace, { pod: name }).then(({ pods }) => pods, (error: ScopeError) => {
        if (error.kind === "notFound" || error.kind === "denied") return [];
        throw error;
      });
    }
    if (!everywhere) return await listPods(cluster, namespace);
    return await listAllPods(cluster);
  }

  /**
   * Returns the pods that `name` means: the debug pod or copy of that name, or else everything made for the pod of that name:
   * its copies, and the debug pod of its node. The pod may be gone.
   */
  async function meant(name: string, made: readonly V1Pod[]): Promise<V1Pod[]> {
    const direct = made.filter(({ metadata }) => metadata?.name === name);
    if (name === "all" || direct.length > 0) return name === "all" ? [...made] : direct;
    const copies = made.filter((pod) => isCopyOf(pod, [name]));
    try {
      const { pods } = await selectPods(cluster, namespace, { pod: name });
      const { nodeName } = choosePod(pods)?.spec ?? {}, names = pods.flatMap(({ metadata }) => metadata?.name ?? []);
      return made.filter((pod) => {
        return copyOrigin(pod) === undefined
          ? nodeName !== undefined && pod.spec?.nodeName === nodeName
          : isCopyOf(pod, names);
      });
    } catch (error) {
      if (copies.length === 0) throw error;
      return copies;
    }
  }

  function isCopyOf(pod: V1Pod, names: readonly string[]): boolean {
    return pod.metadata?.namespace === namespace && names.includes(copyOrigin(pod)?.of ?? "");
  }

  return {
    async launch(query: TargetQuery): Promise<Event> {
      const start = performance.now();
      const { endpoint, connection } = await enterNode(context, query);
      try {
        if (endpoint.found) await greet(connection, endpoint, context);
      } finally {
        await connection[Symbol.asyncDispose]();
      }
      return {
        type: "launch.ready",
        time: now(),
        ...describePod(endpoint.pod),
        created: endpoint.created,
        tookMs: Math.round(performance.now() - start),
      };
    },
    async list(everywhere) {
      const [made, pods] = await Promise.all([all(everywhere), visited(everywhere)]);
      return [...made.map((pod) => seen(pod)), ...pods.flatMap((pod) => seenContainers(pod))];
    },
    async *remove(name, everywhere): AsyncIterable<Event> {
      const [pods, containers] = await Promise.all([
        all(everywhere).then((made) => meant(name, made)),
        visited(everywhere, name).then((pods) => pods.flatMap((pod) => seenContainers(pod))),
      ]);
      if (pods.length === 0 && containers.length === 0) {
        const where = everywhere ? "any namespace" : `namespace "${debugNamespace}"`;
        return context.notice(`there is nothing of scope's in ${where}`);
      }
      const removals = pods.map(async (pod): Promise<Event> => {
        try {
          await removePod(cluster, pod);
          return { type: "cleanup.removed", time: now(), ...removed(pod) };
        } catch (error) {
          return failed(podName(pod), error as ScopeError);
        }
      });
      // Ephemeral containers of a removed copy end with it.
      const going = new Set(pods.map(podName));
      const [running, others] = [true, false].map((runs) =>
        containers.filter(({ namespace, pod, status }) =>
          (status === "Running") === runs && !going.has(`${namespace}/${pod}`)
        )
      );
      for (const { namespace, pod, name, status } of others!) {
        context.notice(
          `ephemeral container "${name}" of pod "${namespace}/${pod}" does not run (${status}), and goes with its pod only`,
        );
      }
      const ends = running!.map((one) => endContainer(cluster, one, context.signal));
      for (const event of [...ends, ...removals]) yield await event;
    },
  };
}

function describePod(pod: V1Pod): { name: string; namespace: string; node: string; image: string } {
  return {
    name: pod.metadata?.name ?? "",
    namespace: pod.metadata?.namespace ?? "",
    node: pod.spec?.nodeName ?? "",
    image: imageIn(pod) ?? "",
  };
}

/** Returns a debug pod or a copy as an event of `list`. */
function seen(pod: V1Pod): DebugPodSeen | CopySeen {
  const time = now(), common = { created: timeOf(pod.metadata?.creationTimestamp) ?? "", ...endsBy(pod) };
  const origin = copyOrigin(pod);
  if (origin === undefined) {
    const version = pod.metadata?.labels?.["scope/version"] ?? "";
    return { type: "list.debug-pod", time, ...describePod(pod), status: podStatus(pod), version, ...common };
  }
  const image = containerOf(pod, origin.container)?.image ?? "";
  const { status } = copyStatus(pod, origin.container);
  return { type: "list.copy", time, ...describePod(pod), image, ...origin, status, ...common };
}

function removed(pod: V1Pod): Omit<DebugPodRemoved, "type" | "time"> {
  const origin = copyOrigin(pod), described = describePod(pod);
  if (origin === undefined) return described;
  return { ...described, image: containerOf(pod, origin.container)?.image ?? "", copyOf: origin.of };
}

function endsBy(pod: V1Pod): { endsBy?: string } {
  const { status, spec } = pod;
  if (isFinished(pod)) return {};
  if (status?.startTime === undefined || spec?.activeDeadlineSeconds === undefined) return {};
  return { endsBy: new Date(new Date(status.startTime).getTime() + spec.activeDeadlineSeconds * 1000).toISOString() };
}

function timeOf(date: Date | undefined): string | undefined {
  return date === undefined ? undefined : new Date(date).toISOString();
}
