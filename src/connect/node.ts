import { execStream } from "../kube/exec.ts";
import type { Cluster, V1Pod } from "../kube/cluster.ts";
import { statusOf } from "../kube/cluster.ts";
import { isTerminating, podName } from "../kube/pods.ts";
import { listPods } from "../kube/resolve.ts";
import { podPath } from "../kube/rest.ts";
import { capabilityNames } from "../way.ts";
import { debugContainer, debugPod, debugPodSelector, hasEnded, imageIn, isDebugPodFor } from "./debug_pod.ts";
import { whyEnded } from "./ended.ts";
import { connectFound } from "./found.ts";
import { deletePod, removePod } from "./remove.ts";
import type { ManagerEndpoint } from "./manager_endpoint.ts";
import type { Started, StartOptions } from "./start.ts";
import { assertRights, assertUsable, connectDebugPod, startDebugPod, tryDebugPod } from "./start.ts";
import { notReady } from "./trouble.ts";
import { progressOf } from "./waiting.ts";

/** Endpoint of a manager in a debug pod. */
export interface NodeEndpoint extends ManagerEndpoint {
  readonly pod: V1Pod;
  /** Deletes the debug pod and waits until it is gone. */
  remove(): Promise<void>;
}

/** The way through one privileged debug pod per node, which is kept between runs and shared by all clients. */
export class NodeWay {
  readonly #cluster: Cluster;
  readonly #options: StartOptions;
  #listed: Promise<V1Pod[]> | undefined;

  constructor(cluster: Cluster, options: StartOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Lists the debug pods in the background, while the caller still looks for the target. */
  prefetch(): void {
    this.#listed ??= listPods(this.#cluster, this.#options.namespace, debugPodSelector);
    this.#listed.catch(() => {});
  }

  async reach(target: { node: string }, signal: AbortSignal): Promise<NodeEndpoint> {
    const running = await this.connectRunning(target, signal);
    if (running !== undefined) return running;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#options.timeoutMs)]);
    const started = await startDebugPod(this.#cluster, this.#options, target.node, limit);
    return this.#endpoint({ ...started, found: false });
  }

  /** Checks in a dry run that a debug pod could be created on that node. Throws ScopeError. */
  async admit(node: string): Promise<void> {
    const { namespace } = this.#options;
    const dry = { method: "POST", path: podPath(namespace), query: { dryRun: "All" } } as const;
    const body = debugPod({ ...this.#options, node });
    await assertUsable(this.#cluster, namespace);
    try {
      const what = `create a debug pod in namespace "${namespace}"`;
      assertRights(body, await this.#cluster.request<V1Pod>(what, { ...dry, body }));
    } catch (error) {
      if (statusOf(error) !== 409) throw error; // there is one already
    }
    const down = await notReady(this.#cluster, node);
    if (down !== undefined) throw down;
  }

  /** Connects through the running debug pod of a node; undefined without one. Throws ScopeError when it cannot be used. */
  async connectRunning({ node }: { node: string }, signal: AbortSignal): Promise<NodeEndpoint | undefined> {
    this.prefetch();
    const listed = await this.#listed!;
    this.#listed = undefined;
    const ended = listed.filter((pod) => hasEnded(pod) && !isTerminating(pod));
    // Ignore failures: the next command tries again to delete the rest.
    await Promise.allSettled(ended.map((pod) => deletePod(this.#cluster, pod)));
    const { image } = this.#options;
    const running = listed.filter((pod) =>
      !hasEnded(pod) && !isTerminating(pod) && progressOf(pod, image).state === "running"
    );
    const pod = running.find((pod) => isDebugPodFor(pod, node, image)) ?? await this.#findRewritten(running, node);
    if (pod === undefined) return undefined;
    const { namespace = "", name = "" } = pod.metadata ?? {};
    const place = { namespace, pod: name, container: debugContainer };
    const stream = await connectFound(this.#cluster, place, signal);
    return stream === undefined ? undefined : this.#endpoint({ pod, stream, created: false, found: true });
  }

  /** Finds the debug pod whose image is the requested one as admission rewrites it. */
  async #findRewritten(running: readonly V1Pod[], node: string): Promise<V1Pod | undefined> {
    const { image } = this.#options;
    const others = running.filter((pod) => isDebugPodFor(pod, node, image, imageIn(pod)));
    if (others.length === 0) return undefined;
    const tried = await tryDebugPod(this.#cluster, this.#options, node);
    const admitted = tried === undefined ? undefined : imageIn(tried);
    return others.find((pod) => isDebugPodFor(pod, node, image, admitted));
  }

  #endpoint(reached: Started & { found: boolean }): NodeEndpoint {
    const { pod, stream } = reached;
    return {
      ...reached,
      way: "node",
      capabilities: new Set(capabilityNames),
      name: pod.metadata?.name ?? "",
      place: `debug pod "${podName(pod)}" on node "${pod.spec?.nodeName}"`,
      whyEnded: async () => {
        const { namespace = "", name = "" } = pod.metadata ?? {}, cluster = this.#cluster.uninterrupted;
        return (await whyEnded(cluster, { namespace, pod: name, container: debugContainer }))?.why;
      },
      exec: (command) => {
        const { namespace = "", name = "" } = pod.metadata ?? {};
        return execStream(this.#cluster, { namespace, pod: name, container: debugContainer, command, whole: true });
      },
      again: async () => {
        const { uid, namespace = "" } = pod.metadata ?? {}, cluster = this.#cluster.uninterrupted;
        // Find it by uid: a new pod may have the same name.
        const now = (await listPods(cluster, namespace, debugPodSelector)).find(({ metadata }) =>
          metadata?.uid === uid
        );
        if (now === undefined || hasEnded(now) || isTerminating(now)) return undefined;
        return await connectDebugPod(cluster, now);
      },
      remove: () => removePod(this.#cluster.uninterrupted, pod),
      [Symbol.asyncDispose]: () => Promise.resolve(void stream.destroy()),
    };
  }
}
