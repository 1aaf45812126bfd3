import type { Duplex } from "node:stream";
import { ScopeError } from "../errors.ts";
import type { Cluster, V1Pod } from "../kube/cluster.ts";
import { statusOf } from "../kube/cluster.ts";
import { execStream } from "../kube/exec.ts";
import { isFinished, isTerminating, podName } from "../kube/pods.ts";
import { watchPods } from "../kube/watch.ts";
import { socketPath } from "../manager/transport.ts";
import type { PullPolicy } from "../options.ts";
import type { Passage, Way } from "../way.ts";
import { debugContainer, debugPod, isDebugPodFor, managedBySelector } from "./debug_pod.ts";
import { deletePod, removePod } from "./remove.ts";
import { troubleOf } from "./trouble.ts";
import { progressOf, pullHint } from "./waiting.ts";
import type { Progress } from "./waiting.ts";

export interface NodeWayOptions {
  /** Of the debug pod. */
  namespace: string;
  image: string;
  regcred: string;
  pullPolicy: PullPolicy;
  timeoutMs: number;
  /** Words to people. */
  say(text: string): void;
}

/** A passage through a debug pod. */
export interface NodePassage extends Passage {
  readonly pod: V1Pod;
  /** Made by this call, not found. */
  readonly created: boolean;
  /** Deletes the debug pod and waits until it is gone. */
  remove(): Promise<void>;
}

/** The bridge from exec's standard input and output to the manager's socket, which may not be there yet. */
const bridge = ["socat", "-b", "262144", "-", `UNIX-CONNECT:${socketPath},retry=100,interval=0.05`];

/** While a container is being created its status comes late, and exec is tried this often, in milliseconds. */
const tryMs = 100;
/** How long exec is tried without any news of the pod, in milliseconds. */
const tryForMs = 15_000;
/** When to ask for the reasons of a wait that the pod's status does not give, in milliseconds. */
const askMs = 3000;

/** One privileged debug pod a node, kept between runs and shared by all clients. */
export class NodeWay implements Way {
  readonly #cluster: Cluster;
  readonly #options: NodeWayOptions;
  #listed: Promise<V1Pod[]> | undefined;

  constructor(cluster: Cluster, options: NodeWayOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Asks for the debug pods there are, while the caller still finds out where the target is. */
  prefetch(): void {
    this.#listed ??= this.#list();
    this.#listed.catch(() => {});
  }

  async reach({ node }: { node: string }, signal: AbortSignal): Promise<NodePassage> {
    const { image } = this.#options;
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
      const stream = await this.#connect(running).catch((error) => {
        // It has ended since it was listed, or has never been what it says.
        if (statusOf(error) === 403 || error.kind === "denied") throw error;
        return undefined;
      });
      if (stream !== undefined) return this.#passage(running, stream, false);
    }
    return await this.#start(node, signal);
  }

  async #list(): Promise<V1Pod[]> {
    const { namespace } = this.#options;
    const list = this.#cluster.core.listNamespacedPod({ namespace, labelSelector: managedBySelector });
    return (await this.#cluster.call(`list pods in namespace "${namespace}"`, list)).items;
  }

  #connect(pod: V1Pod): Promise<Duplex> {
    const { name = "", namespace = "" } = pod.metadata ?? {};
    return execStream(this.#cluster, { namespace, pod: name, container: debugContainer, command: bridge });
  }

  #passage(pod: V1Pod, stream: Duplex, created: boolean): NodePassage {
    return {
      pod,
      stream,
      created,
      place: `debug pod "${podName(pod)}" on node "${pod.spec?.nodeName}"`,
      remove: () => removePod(this.#cluster, pod),
      [Symbol.asyncDispose]: () => Promise.resolve(void stream.destroy()),
    };
  }

  /** Creates the debug pod, or joins another client that does, and waits until its manager can be reached. */
  async #start(node: string, signal: AbortSignal): Promise<NodePassage> {
    const { timeoutMs } = this.#options;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    while (true) {
      const created = await this.#create(node);
      let keep = false;
      try {
        const reached = await this.#await(node, limit, created);
        if (reached === undefined) continue; // another client removed it: make it anew
        keep = true;
        return this.#passage(reached.pod, reached.stream, created !== undefined);
      } finally {
        if (!keep && created !== undefined) await removePod(this.#cluster, created).catch(() => {});
      }
    }
  }

  /** The new pod, or nothing when there is one of that name. */
  async #create(node: string): Promise<V1Pod | undefined> {
    const { namespace, image, say } = this.#options;
    const body = debugPod({ ...this.#options, node });
    try {
      const pod = await this.#cluster.call(
        `create a debug pod in namespace "${namespace}"`,
        this.#cluster.core.createNamespacedPod({ namespace, body }),
      );
      say(
        `starting the privileged debug pod "${podName(pod)}" (${image}): who may exec into pods of namespace ` +
          `"${namespace}" is root on node "${node}" until it was idle for 10 minutes, or scope cleanup removes it`,
      );
      return pod;
    } catch (error) {
      if (statusOf(error) === 409) return undefined;
      throw error;
    }
  }

  /** Waits for the pod; nothing when it was deleted meanwhile. */
  async #await(
    node: string,
    limit: AbortSignal,
    created: V1Pod | undefined,
  ): Promise<{ pod: V1Pod; stream: Duplex } | undefined> {
    const { namespace, image, say } = this.#options;
    const name = created?.metadata?.name ?? debugPod({ ...this.#options, node }).metadata!.name!;
    using done = new Ending();
    const stop = AbortSignal.any([limit, done.signal]);
    const start = performance.now();
    let seen: V1Pod | undefined, progress: Progress | undefined, said = "", asked = false, there = false;
    const changes = watchPods(this.#cluster, { namespace, fieldSelector: `metadata.name=${name}` }, stop)
      [Symbol.asyncIterator]();
    let next = changes.next();
    while (true) {
      const news = await Promise.race([next, tick(tryMs, stop)]);
      if (limit.aborted) throw this.#late(`${namespace}/${name}`, limit, progress, said);
      const waited = performance.now() - start;
      if (news !== undefined) {
        if (news.done) continue;
        next = changes.next();
        const change = news.value;
        if (change.type === "DELETED" || (change.type === "LISTED" && !there)) return undefined;
        if (change.type === "LISTED") continue;
        const { pod } = change;
        there = true;
        if (isTerminating(pod)) continue; // of an older run: wait until it is gone
        if (created !== undefined && pod.metadata?.uid !== created.metadata?.uid) continue;
        if (!isDebugPodFor(pod, node, image)) throw foreign(pod);
        seen = pod;
        progress = progressOf(pod, image);
        if (progress.state === "failed") {
          // One that another client left behind is in the way of a new one.
          if (created === undefined && isFinished(pod)) await removePod(this.#cluster, pod);
          else throw progress.error;
          return undefined;
        }
      }
      const reason = progress?.state === "waiting" ? progress.reason : undefined;
      if (
        reason !== undefined && reason !== said &&
        (waited > 1500 || progress?.state === "waiting" && progress.pullFailed)
      ) {
        say(`waiting for debug pod "${namespace}/${name}": ${said = reason}`);
      }
      if (waited > askMs && !asked && seen !== undefined && progress?.state !== "running") {
        asked = true;
        const trouble = await troubleOf(this.#cluster, seen, node);
        if (trouble instanceof ScopeError) throw trouble;
        if (trouble !== undefined) say(`waiting for debug pod "${namespace}/${name}": ${trouble}`);
      }
      if (seen === undefined || (progress?.state !== "running" && (waited > tryForMs || reason?.includes(":")))) {
        continue;
      }
      const stream = await this.#connect(seen).catch((error: ScopeError) => {
        if (error.kind === "denied" || progress?.state === "running" && waited > tryForMs) throw error;
        return undefined;
      });
      if (stream !== undefined) return { pod: seen, stream };
    }
  }

  #late(name: string, limit: AbortSignal, progress: Progress | undefined, said: string): unknown {
    if (limit.reason?.name !== "TimeoutError") return limit.reason;
    const reason = progress?.state === "waiting" ? progress.reason : said || "it was not seen";
    const pull = progress?.state === "waiting" && progress.pullFailed;
    return new ScopeError("timeout", `Debug pod "${name}" did not start within ${this.#options.timeoutMs / 1000} s`, {
      hint: pull
        ? pullHint(this.#options.image, reason)
        : `it waits for ${reason}; give it longer with --timeout SECONDS`,
    });
  }
}

function foreign(pod: V1Pod): ScopeError {
  return new ScopeError("denied", `Pod "${podName(pod)}" has the name of a debug pod, but is none of scope's`, {
    hint: "look at it with kubectl describe pod, delete it, or give another --debug-namespace",
  });
}

/** Resolves with nothing after a while or when the signal comes. */
function tick(ms: number, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve(undefined);
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}

/** Ends what belongs to a block when the block ends. */
class Ending implements Disposable {
  readonly #controller = new AbortController();
  readonly signal: AbortSignal = this.#controller.signal;

  [Symbol.dispose](): void {
    this.#controller.abort();
  }
}
