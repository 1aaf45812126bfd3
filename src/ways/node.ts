import type { Cluster, V1Pod } from "../kube/cluster.ts";
import { isFinished, isTerminating, podName } from "../kube/pods.ts";
import { listPods } from "../kube/resolve.ts";
import { capabilityNames } from "../way.ts";
import type { Passage, Way } from "../way.ts";
import { isDebugPodFor, managedBySelector } from "./debug_pod.ts";
import { deletePod, removePod } from "./remove.ts";
import type { Started, StartOptions } from "./start.ts";
import { connectDebugPod, startDebugPod } from "./start.ts";
import { progressOf } from "./waiting.ts";

/** A passage through a debug pod. */
export interface NodePassage extends Passage {
  readonly pod: V1Pod;
  /** Made by this call. */
  readonly created: boolean;
  /** Was running already: somebody has talked to its manager before. */
  readonly found: boolean;
  /** Deletes the debug pod and waits until it is gone. */
  remove(): Promise<void>;
}

/** One privileged debug pod a node, kept between runs and shared by all clients. */
export class NodeWay implements Way {
  readonly #cluster: Cluster;
  readonly #options: StartOptions;
  #listed: Promise<V1Pod[]> | undefined;

  constructor(cluster: Cluster, options: StartOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Asks for the debug pods there are, while the caller still finds out where the target is. */
  prefetch(): void {
    this.#listed ??= listPods(this.#cluster, this.#options.namespace, managedBySelector);
    this.#listed.catch(() => {});
  }

  async reach({ node }: { node: string }, signal: AbortSignal): Promise<NodePassage> {
    const { image, timeoutMs } = this.#options;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    this.prefetch();
    const listed = await this.#listed!;
    this.#listed = undefined;
    const finished = listed.filter((pod) => isFinished(pod) && !isTerminating(pod));
    // One that cannot be deleted is met again by the next command.
    await Promise.allSettled(finished.map((pod) => deletePod(this.#cluster, pod)));
    const running = listed.find((pod) =>
      isDebugPodFor(pod, node, image) && !isFinished(pod) && !isTerminating(pod) &&
      progressOf(pod, image).state === "running"
    );
    if (running !== undefined) {
      const stream = await connectDebugPod(this.#cluster, running).catch((error) => {
        // It has ended since it was listed, or has never been what it says.
        if (error.kind === "denied" || signal.aborted) throw error;
        return undefined;
      });
      if (stream !== undefined) return this.#passage({ pod: running, stream, created: false, found: true });
    }
    const started = await startDebugPod(this.#cluster, this.#options, node, limit);
    return this.#passage({ ...started, found: false });
  }

  #passage(reached: Started & { found: boolean }): NodePassage {
    const { pod, stream } = reached;
    return {
      ...reached,
      way: "node",
      capabilities: new Set(capabilityNames),
      place: `debug pod "${podName(pod)}" on node "${pod.spec?.nodeName}"`,
      remove: () => removePod(this.#cluster.uninterrupted, pod),
      [Symbol.asyncDispose]: () => Promise.resolve(void stream.destroy()),
    };
  }
}
