import type { Duplex } from "node:stream";
import { delay } from "../lib/delay.ts";
import { ScopeError } from "../errors.ts";
import type { Cluster, V1Pod } from "../kube/cluster.ts";
import { execStream } from "../kube/exec.ts";
import { askedWaitMs, isPutOff, type Repeat } from "../kube/retry.ts";
import type { PodChange } from "../kube/watch.ts";
import { watchPods } from "../kube/watch.ts";
import { scratchDirectory, scratchVariable, socketName } from "../manager/protocol/transport.ts";
import { isHopeless } from "./refusal.ts";
import type { Progress } from "./waiting.ts";
import { nextProgress, pullHint } from "./waiting.ts";

/** A manager on its way: the container that it will run in, and how to follow that. */
export interface StartingManager {
  namespace: string;
  pod: string;
  container: string;
  /** For example `debug pod "shop/scope-node1"`. */
  what: string;
  image: string;
  timeoutMs: number;
  /** Words to people. */
  notice(text: string): void;
  /** Where it is, by the newest state of the pod; nothing when that is not to be looked at. Throws what makes waiting vain. */
  progress(pod: V1Pod): Progress | undefined;
  /** When the pod is gone, or `failed`: throws, or returns when all must begin anew. */
  gone(failed?: { pod: V1Pod; error: ScopeError }): Promise<void>;
  /** Why it does not start, where its status does not say: an error when waiting is in vain. */
  trouble(pod: V1Pod): Promise<ScopeError | string | undefined>;
}

/** Interval at which the manager's socket is tried, in seconds. */
const trySocketS = 0.05;

/** The bridge from exec's standard input and output to the manager's socket, which may not be there yet for so long. */
function bridge(limitMs: number): string[] {
  const socket = `\${${scratchVariable}:-${scratchDirectory}}/${socketName}`;
  const tries = Math.ceil(limitMs / 1000 / trySocketS);
  const script = `exec socat -b 262144 - "UNIX-CONNECT:${socket},retry=${tries},interval=${trySocketS}"`;
  return ["sh", "-c", script];
}

/** Limit for the socket of a manager that has answered before, in milliseconds. */
const answerMs = 5000;

/** While a container is being created its status comes late, and exec is tried this often, in milliseconds. */
const tryMs = 100;
/** How long exec is tried without any news of the pod, in milliseconds. */
const tryForMs = 15_000;
/** Words by which the API server and the kubelet refuse an exec into a container that has not started. */
const notStarted = /container not found|not valid for pod|host assigned|pods? .*(not found|does not exist)/;
/** How long a start takes in the normal case, of which nothing is said, in milliseconds. */
const normalMs = 1500;
/** When to ask for the reasons of a wait that the pod's status does not give, in milliseconds. */
const askMs = 3000;

/** The container of a manager. */
export type ConnectPlace =
  & Pick<StartingManager, "namespace" | "pod" | "container">
  & Partial<Pick<StartingManager, "timeoutMs">>;

/** Connects to the manager in a container, which may still be starting for `timeoutMs`. Throws ScopeError. */
export function connectManager(
  cluster: Cluster,
  { namespace, pod, container, timeoutMs = answerMs }: ConnectPlace,
  repeat: Repeat = "refused",
): Promise<Duplex> {
  return execStream(cluster, { namespace, pod, container, command: bridge(timeoutMs), repeat });
}

/**
 * Waits for a manager to run and connects to it, sooner than its container's status says that it can be. Nothing when all
 * must begin anew.
 *
 * Throws ScopeError, also when `limit` is a timeout that is over, or else the reason of `limit`.
 */
export async function waitForManager(
  cluster: Cluster,
  awaited: StartingManager,
  limit: AbortSignal,
): Promise<{ pod: V1Pod; stream: Duplex } | undefined> {
  const ended = new AbortController();
  const stop = AbortSignal.any([limit, ended.signal]);
  const watched = { namespace: awaited.namespace, fieldSelector: `metadata.name=${awaited.pod}` };
  const changes = watchPods(cluster, watched, stop)[Symbol.asyncIterator]();
  const wait = new Wait(cluster, awaited);
  try {
    for (let next = upcoming(changes);;) {
      const news = await Promise.race([next, delay(tryMs, stop)]);
      if (limit.aborted) throw limit.reason?.name === "TimeoutError" ? wait.late() : limit.reason;
      if (news !== undefined && !news.done) {
        next = upcoming(changes);
        if (await wait.isGone(news.value)) return undefined;
      }
      await wait.tell();
      const reached = await wait.tryExec();
      if (reached !== undefined) return reached;
    }
  } finally {
    ended.abort();
  }
}

/** One wait. */
class Wait {
  readonly #since = performance.now();
  /** There is a pod of that name, if only one that is on its way out. */
  #there = false;
  #pod: V1Pod | undefined;
  #progress: Progress = { state: "waiting", reason: "Pending", pullFailed: false };
  readonly #said = new Set<string>();
  #asked = false;
  /** The last refusal of an exec. */
  #refusal: ScopeError | undefined;
  /** Exec is not tried again before. */
  #tryAt = 0;

  constructor(readonly cluster: Cluster, readonly awaited: StartingManager) {}

  get #waited(): number {
    return performance.now() - this.#since;
  }

  /** Takes in a change. Returns true when all must begin anew; throws when the manager will never run. */
  async isGone(change: PodChange): Promise<boolean> {
    if (change.type === "LISTED" ? !this.#there : change.type === "DELETED") {
      await this.awaited.gone();
      return true;
    }
    if (change.type === "LISTED") return false;
    this.#there = true;
    const { pod } = change, progress = this.awaited.progress(pod);
    if (progress === undefined) return false;
    this.#pod = pod;
    this.#progress = nextProgress(this.#progress, progress);
    if (progress.state !== "failed") return false;
    await this.awaited.gone({ pod, error: progress.error });
    return true;
  }

  /** Says what is waited for, each reason once. */
  async tell(): Promise<void> {
    const notice = (reason: string) => {
      if (this.#said.has(reason)) return;
      this.#said.add(reason);
      this.awaited.notice(`waiting for ${this.awaited.what}: ${reason}`);
    };
    if (this.#progress.state !== "waiting") return;
    const { reason, pullFailed } = this.#progress;
    if (pullFailed || this.#waited > normalMs) notice(reason);
    if (this.#asked || this.#waited < askMs || this.#pod === undefined) return;
    this.#asked = true;
    const trouble = await this.awaited.trouble(this.#pod);
    if (trouble instanceof ScopeError) throw trouble;
    if (trouble !== undefined) notice(trouble);
  }

  /** Connects as soon as the container can take it, which is earlier than its status says so. */
  async tryExec(): Promise<{ pod: V1Pod; stream: Duplex } | undefined> {
    const running = this.#progress.state === "running";
    const hopeful = this.#progress.state === "waiting" && !this.#progress.pullFailed && this.#waited < tryForMs;
    if (this.#pod === undefined || !(running || hopeful) || performance.now() < this.#tryAt) return undefined;
    try {
      return { pod: this.#pod, stream: await connectManager(this.cluster, this.awaited, "never") };
    } catch (error) {
      if (!(error instanceof ScopeError) || error.kind === "denied" || isHopeless(error)) throw error;
      if (running && this.#waited > tryForMs && !isPutOff(error)) throw error;
      this.#refusal = error;
      this.#tryAt = performance.now() + askedWaitMs(error);
      return undefined;
    }
  }

  late(): ScopeError {
    const { what, image, timeoutMs } = this.awaited;
    // One that has not started is not found by exec, which says no more than its status.
    const refusal = this.#refusal !== undefined && !notStarted.test(this.#refusal.message) ? this.#refusal : undefined;
    if (this.#progress.state === "running" && refusal !== undefined) return refusal;
    const { reason, pullFailed } = this.#progress.state === "waiting"
      ? this.#progress
      : { reason: "its manager to answer", pullFailed: false };
    const name = what.charAt(0).toUpperCase() + what.slice(1);
    return new ScopeError("timeout", `${name} did not start within ${timeoutMs / 1000} s`, {
      hint: pullFailed
        ? pullHint(image, reason)
        : `it waits for ${reason}${
          refusal === undefined ? "" : `, and exec is refused (${refusal.message})`
        }; give it longer with --timeout SECONDS`,
    });
  }
}

/** The next change. Its failure is met where it is awaited, which may be later than it happens. */
function upcoming(changes: AsyncIterator<PodChange>): Promise<IteratorResult<PodChange>> {
  const next = changes.next();
  next.catch(() => {});
  return next;
}
