import type { DebugPods } from "../context.ts";
import { ScopeError } from "../errors.ts";
import type { Event } from "../event.ts";
import { now } from "../event.ts";
import type { V1Pod } from "../kube/cluster.ts";
import { podName, podStatus } from "../kube/pods.ts";
import { assertNamespace, listPods } from "../kube/resolve.ts";
import type { TargetQuery } from "../target.ts";
import { debugContainer, managedBySelector } from "../ways/debug_pod.ts";
import { removePod } from "../ways/remove.ts";
import type { EnterContext } from "./enter.ts";
import { enterNode, findPod, greet, namespaceOf } from "./enter.ts";

/** The debug pods that a command starts, lists and removes. */
export function makeDebugPods(context: EnterContext): DebugPods {
  const { cluster, options } = context;
  const namespace = options.debugNamespace ?? namespaceOf(context);

  async function all(everywhere: boolean): Promise<V1Pod[]> {
    if (everywhere) {
      const list = { method: "GET", path: "/api/v1/pods", query: { labelSelector: managedBySelector } } as const;
      return (await cluster.request<{ items: V1Pod[] }>("list pods in all namespaces", list)).items;
    }
    const items = await listPods(cluster, namespace, managedBySelector);
    if (items.length === 0) await assertNamespace(cluster, namespace);
    return items;
  }

  /** The debug pods that `name` means: one of that name, or that of the node where the pod of that name runs. */
  async function meant(name: string, pods: readonly V1Pod[]): Promise<V1Pod[]> {
    const direct = pods.filter(({ metadata }) => metadata?.name === name);
    if (name === "all" || direct.length > 0) return name === "all" ? [...pods] : direct;
    const { target: { node } } = await findPod(context, { pod: name });
    return pods.filter(({ spec }) => spec?.nodeName === node);
  }

  return {
    async launch(query: TargetQuery): Promise<Event> {
      const start = performance.now();
      const { passage, connection } = await enterNode(context, query);
      try {
        if (passage.found) await greet(connection, passage, context);
      } finally {
        await connection[Symbol.asyncDispose]();
      }
      return {
        type: "launch.ready",
        time: now(),
        ...describePod(passage.pod),
        created: passage.created,
        tookMs: Math.round(performance.now() - start),
      };
    },
    async list(everywhere) {
      return (await all(everywhere)).map((pod) => ({
        type: "list.debug-pod",
        time: now(),
        ...describePod(pod),
        status: podStatus(pod),
        version: pod.metadata?.labels?.["scope/version"] ?? "",
        created: timeOf(pod.metadata?.creationTimestamp) ?? "",
        ...endsBy(pod),
      }));
    },
    async *remove(name, everywhere): AsyncIterable<Event> {
      const pods = await meant(name, await all(everywhere));
      if (pods.length === 0) {
        return context.say(`there is no debug pod in ${everywhere ? "any namespace" : `namespace "${namespace}"`}`);
      }
      const removed = pods.map(async (pod): Promise<Event> => {
        try {
          await removePod(cluster, pod);
          return { type: "cleanup.removed", time: now(), ...describePod(pod) };
        } catch (error) {
          const { message, hint } = error as ScopeError;
          return {
            type: "failed",
            time: now(),
            subject: podName(pod),
            reason: message,
            ...(hint === undefined ? {} : { hint }),
          };
        }
      });
      for (const event of removed) yield await event;
    },
  };
}

function describePod(pod: V1Pod): { name: string; namespace: string; node: string; image: string } {
  return {
    name: pod.metadata?.name ?? "",
    namespace: pod.metadata?.namespace ?? "",
    node: pod.spec?.nodeName ?? "",
    image: pod.spec?.containers.find(({ name }) => name === debugContainer)?.image ?? "",
  };
}

function endsBy({ status, spec }: V1Pod): { endsBy?: string } {
  if (status?.startTime === undefined || spec?.activeDeadlineSeconds === undefined) return {};
  return { endsBy: new Date(new Date(status.startTime).getTime() + spec.activeDeadlineSeconds * 1000).toISOString() };
}

function timeOf(date: Date | undefined): string | undefined {
  return date === undefined ? undefined : new Date(date).toISOString();
}
