import type { Duplex } from "node:stream";
import { delay } from "../delay.ts";
import { ScopeError } from "../errors.ts";
import type { Cluster, V1Pod } from "../kube/cluster.ts";
import { statusOf } from "../kube/cluster.ts";
import { execStream } from "../kube/exec.ts";
import { isFinished, isTerminating, podName } from "../kube/pods.ts";
import { assertNamespace } from "../kube/resolve.ts";
import { podPath } from "../kube/rest.ts";
import type { PodChange } from "../kube/watch.ts";
import { watchPods } from "../kube/watch.ts";
import { socketPath } from "../manager/transport.ts";
import type { PullPolicy } from "../options.ts";
import { debugContainer, debugPod, debugPodName, isDebugPodFor } from "./debug_pod.ts";
import { removePod, takeBackPod } from "./remove.ts";
import { troubleOf } from "./trouble.ts";
import type { Progress } from "./waiting.ts";
import { progressOf, pullHint } from "./waiting.ts";

export interface StartOptions {
  /** Of the debug pod. */
  namespace: string;
  image: string;
  regcred: string;
  pullPolicy: PullPolicy;
  timeoutMs: number;
  /** Words to people. */
  say(text: string): void;
}

export interface Started {
  pod: V1Pod;
  stream: Duplex;
  /** Made by this call, not by another client. */
  created: boolean;
}

/** The bridge from exec's standard input and output to the manager's socket, which may not be there yet. */
const bridge = ["socat", "-b", "262144", "-", `UNIX-CONNECT:${socketPath},retry=100,interval=0.05`];

/** While a container is being created its status comes late, and exec is tried this often, in milliseconds. */
const tryMs = 100;
/** How long exec is tried without any news of the pod, in milliseconds. */
const tryForMs = 15_000;
/** How long a start takes in the normal case, of which nothing is said, in milliseconds. */
const normalMs = 1500;
/** When to ask for the reasons of a wait that the pod's status does not give, in milliseconds. */
const askMs = 3000;

/** Connects to the manager of a debug pod. Throws ScopeError. */
export function connectDebugPod(cluster: Cluster, pod: V1Pod): Promise<Duplex> {
  const { name = "", namespace = "" } = pod.metadata ?? {};
  return execStream(cluster, { namespace, pod: name, container: debugContainer, command: bridge });
}

/**
 * Creates the debug pod of a node, or joins another client that does, and waits until its manager can be reached. A pod
 * that was created here and does not come to that is removed.
 *
 * Throws ScopeError, also when `limit` is a timeout that is over, or else the reason of `limit`.
 */
export async function startDebugPod(
  cluster: Cluster,
  options: StartOptions,
  node: string,
  limit: AbortSignal,
): Promise<Started> {
  while (true) {
    const created = await create(cluster, options, node);
    let reached: Awaited<ReturnType<Start["reach"]>>;
    try {
      reached = await new Start(cluster, options, node, created, limit).reach();
    } finally {
      if (!reached && created !== undefined) await takeBackPod(cluster.uninterrupted, created).catch(() => {});
    }
    // Otherwise another client removed it meanwhile: make it anew.
    if (reached !== undefined) return { ...reached, created: created !== undefined };
  }
}

/** The new pod, or nothing when there is one of that name. */
async function create(cluster: Cluster, options: StartOptions, node: string): Promise<V1Pod | undefined> {
  const { namespace, image, say } = options;
  const body = debugPod({ ...options, node });
  try {
    // Never left alone: one that nobody knows of would stay.
    const pod = await cluster.uninterrupted.request<V1Pod>(`create a debug pod in namespace "${namespace}"`, {
      method: "POST",
      path: podPath(namespace),
      body,
    });
    say(
      `starting the privileged debug pod "${podName(pod)}" (${image}): who may exec into pods of namespace ` +
        `"${namespace}" is root on node "${node}" until it has been idle for 10 minutes, or scope cleanup removes it`,
    );
    return pod;
  } catch (error) {
    if (statusOf(error) === 409) return undefined;
    if (statusOf(error) === 404) await assertNamespace(cluster, namespace);
    throw error;
  }
}

/** One wait for a debug pod. */
class Start {
  readonly #name: string;
  readonly #since = performance.now();
  /** There is a pod of that name, if only one that is on its way out. */
  #there = false;
  #pod: V1Pod | undefined;
  #progress: Progress = { state: "waiting", reason: "Pending", pullFailed: false };
  #said = "";
  #asked = false;

  constructor(
    readonly cluster: Cluster,
    readonly options: StartOptions,
    readonly node: string,
    readonly created: V1Pod | undefined,
    readonly limit: AbortSignal,
  ) {
    this.#name = debugPodName(node, options.image);
  }

  /** Nothing when the pod was deleted meanwhile. */
  async reach(): Promise<{ pod: V1Pod; stream: Duplex } | undefined> {
    const ended = new AbortController();
    const stop = AbortSignal.any([this.limit, ended.signal]);
    const watched = { namespace: this.options.namespace, fieldSelector: `metadata.name=${this.#name}` };
    const changes = watchPods(this.cluster, watched, stop)[Symbol.asyncIterator]();
    try {
      for (let next = upcoming(changes);;) {
        const news = await Promise.race([next, delay(tryMs, stop)]);
        if (this.limit.aborted) throw this.#late();
        if (news !== undefined && !news.done) {
          next = upcoming(changes);
          if (await this.#isGone(news.value)) return undefined;
        }
        await this.#tell();
        const stream = await this.#tryExec();
        if (stream !== undefined) return { pod: this.#pod!, stream };
      }
    } finally {
      ended.abort();
    }
  }

  get #waited(): number {
    return performance.now() - this.#since;
  }

  /** Takes in a change. Returns true when the pod must be made anew; throws when it will never run. */
  async #isGone(change: PodChange): Promise<boolean> {
    if (change.type === "LISTED") return !this.#there;
    const { type, pod } = change;
    if (type === "DELETED") return true;
    this.#there = true;
    if (isTerminating(pod)) return false; // until it is gone
    if (!isDebugPodFor(pod, this.node, this.options.image)) throw foreign(pod);
    this.#pod = pod;
    this.#progress = progressOf(pod, this.options.image);
    if (this.#progress.state !== "failed") return false;
    if (this.created !== undefined || !isFinished(pod)) throw this.#progress.error;
    await removePod(this.cluster, pod); // left by another client, and in the way of a new one
    return true;
  }

  /** Says what is waited for, each reason once. */
  async #tell(): Promise<void> {
    const say = (reason: string) =>
      this.options.say(`waiting for debug pod "${this.options.namespace}/${this.#name}": ${reason}`);
    if (this.#progress.state !== "waiting") return;
    const { reason, pullFailed } = this.#progress;
    if (reason !== this.#said && (pullFailed || this.#waited > normalMs)) say(this.#said = reason);
    if (this.#asked || this.#waited < askMs || this.#pod === undefined) return;
    this.#asked = true;
    const trouble = await troubleOf(this.cluster, this.#pod, this.node);
    if (trouble instanceof ScopeError) throw trouble;
    if (trouble !== undefined) say(trouble);
  }

  /** Connects as soon as the container can take it, which is earlier than its status says so. */
  async #tryExec(): Promise<Duplex | undefined> {
    const running = this.#progress.state === "running";
    const hopeful = this.#progress.state === "waiting" && !this.#progress.pullFailed && this.#waited < tryForMs;
    if (this.#pod === undefined || !(running || hopeful)) return undefined;
    try {
      return await connectDebugPod(this.cluster, this.#pod);
    } catch (error) {
      if ((error as ScopeError).kind === "denied" || (running && this.#waited > tryForMs)) throw error;
      return undefined;
    }
  }

  #late(): unknown {
    if (this.limit.reason?.name !== "TimeoutError") return this.limit.reason;
    const { image, namespace, timeoutMs } = this.options;
    const { reason, pullFailed } = this.#progress.state === "waiting"
      ? this.#progress
      : { reason: "its manager to answer", pullFailed: false };
    return new ScopeError(
      "timeout",
      `Debug pod "${namespace}/${this.#name}" did not start within ${timeoutMs / 1000} s`,
      {
        hint: pullFailed ? pullHint(image, reason) : `it waits for ${reason}; give it longer with --timeout SECONDS`,
      },
    );
  }
}

function foreign(pod: V1Pod): ScopeError {
  return new ScopeError("denied", `Pod "${podName(pod)}" has the name of a debug pod, but is none of scope's`, {
    hint: "look at it with kubectl describe pod, delete it, or give another --debug-namespace",
  });
}

/** The next change. Its failure is met where it is awaited, which may be later than it happens. */
function upcoming(changes: AsyncIterator<PodChange>): Promise<IteratorResult<PodChange>> {
  const next = changes.next();
  next.catch(() => {});
  return next;
}
