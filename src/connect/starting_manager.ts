import type { Duplex } from "node:stream";
import { delay } from "../lib/delay.ts";
import { ScopeError } from "../errors.ts";
import type { Cluster, V1Pod } from "../kube/cluster.ts";
import { execStream } from "../kube/exec.ts";
import { askedWaitMs, isPutOff, type Repeat } from "../kube/retry.ts";
import { reasonOf } from "../kube/translate.ts";
import type { PodChange } from "../kube/watch.ts";
import { watchPods } from "../kube/watch.ts";
import { scratchDirectory, scratchVariable, socketName } from "../manager/protocol/transport.ts";
import { takeConnection } from "./kept_connection.ts";
import { isHopeless } from "./refusal.ts";
import type { Progress } from "./waiting.ts";
import { nextProgress, pullHint } from "./waiting.ts";

/** A manager that is starting: the container that it will run in, and how to follow the container's state. */
export interface StartingManager {
  namespace: string;
  pod: string;
  container: string;
  /** For example `debug pod "shop/scope-node1"`. */
  what: string;
  image: string;
  timeoutMs: number;
  /** Prints a notice for the user. */
  notice(text: string): void;
  /** Returns the progress by the newest state of the pod; undefined to ignore the state. Throws when waiting is in vain. */
  progress(pod: V1Pod): Progress | undefined;
  /** Called when the pod is gone or has failed. Throws, or returns to have the pod created again. */
  gone(failed?: { pod: V1Pod; error: ScopeError }): Promise<void>;
  /** Finds the reason of a slow start that the status does not give; a failure when waiting is in vain. */
  trouble(pod: V1Pod): Promise<Progress | undefined>;
}

/** Interval between attempts to connect to the manager's socket, in seconds. */
const trySocketS = 0.05;

/** Returns the command that bridges exec's stdin and stdout to the manager's socket, which may take `limitMs` to appear. */
function bridge(limitMs: number): string[] {
  const socket = `\${${scratchVariable}:-${scratchDirectory}}/${socketName}`;
  const tries = Math.ceil(limitMs / 1000 / trySocketS);
  const script = `exec socat -b 262144 - "UNIX-CONNECT:${socket},retry=${tries},interval=${trySocketS}"`;
  return ["sh", "-c", script];
}

/** Limit for the socket of a manager that has answered before, in milliseconds. */
const answerMs = 5000;

/** Interval between attempts at exec, in milliseconds: the status of a container that is being created comes late. */
const tryMs = 100;
/** Limit for attempts at exec before the status says that the container runs, or that are refused after it, in milliseconds. */
const tryForMs = 15_000;
/** Messages with which the API server and the kubelet refuse an exec into a container that has not started. */
const notStarted = /container not found|not valid for pod|host assigned|pods? .*(not found|does not exist)/;
/** Duration of a normal start, during which no notice is printed, in milliseconds. */
const normalMs = 1500;
/** Time after which reasons that the pod's status does not give are looked up, in milliseconds. */
const askMs = 3000;

/** The container of a manager, with the limit for its start. */
export type ConnectPlace =
  & Pick<StartingManager, "namespace" | "pod" | "container">
  & Partial<Pick<StartingManager, "timeoutMs">>;

/** Connects to the manager in a container, which may still be starting for `timeoutMs`. Throws ScopeError. */
export async function connectManager(
  cluster: Cluster,
  place: ConnectPlace,
  repeat: Repeat = "refused",
): Promise<Duplex> {
  return await takeConnection(cluster, place) ?? await openManager(cluster, place, repeat);
}

/** Opens a new byte stream to a manager, as `connectManager()`. */
export function openManager(
  cluster: Cluster,
  { namespace, pod, container, timeoutMs = answerMs }: ConnectPlace,
  repeat: Repeat = "refused",
): Promise<Duplex> {
  return execStream(cluster, { namespace, pod, container, command: bridge(timeoutMs), repeat });
}

/**
 * Waits for a manager to run and connects to it, even before the status of its container is "running". Returns undefined when
 * the pod must be created again.
 *
 * Throws ScopeError, also when `limit` is an expired timeout, or else the reason of `limit`.
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
      const nextChange = await Promise.race([next, delay(tryMs, stop)]);
      if (limit.aborted) throw limit.reason?.name === "TimeoutError" ? wait.late() : limit.reason;
      if (nextChange !== undefined && !nextChange.done) {
        next = upcoming(changes);
        if (await wait.isGone(nextChange.value)) return undefined;
      }
      await wait.noticeReasons();
      const reached = await wait.tryExec();
      if (reached !== undefined) return reached;
    }
  } finally {
    ended.abort();
  }
}

/** State of one wait for a manager. */
class Wait {
  readonly #since = performance.now();
  /** True once a pod of that name exists, even one that is being deleted. */
  #exists = false;
  #pod: V1Pod | undefined;
  #progress: Progress = { state: "waiting", reason: "Pending", pullFailed: false };
  readonly #said = new Set<string>();
  #lookedUp = false;
  /** The last refusal of an exec. */
  #refusal: ScopeError | undefined;
  /** Earliest time of the next attempt at exec. */
  #tryAt = 0;

  constructor(readonly cluster: Cluster, readonly awaited: StartingManager) {}

  get #waited(): number {
    return performance.now() - this.#since;
  }

  /** Processes a change. Returns true when the pod must be created again; throws when the manager will never run. */
  async isGone(change: PodChange): Promise<boolean> {
    if (change.type === "LISTED" ? !this.#exists : change.type === "DELETED") {
      await this.awaited.gone();
      return true;
    }
    if (change.type === "LISTED") return false;
    this.#exists = true;
    const { pod } = change, progress = this.awaited.progress(pod);
    if (progress === undefined) return false;
    this.#pod = pod;
    this.#progress = nextProgress(this.#progress, progress);
    if (progress.state !== "failed") return false;
    await this.awaited.gone({ pod, error: progress.error });
    return true;
  }

  /** Prints each reason of the wait once. */
  async noticeReasons(): Promise<void> {
    const notice = (reason: string) => {
      if (this.#said.has(reason)) return;
      this.#said.add(reason);
      this.awaited.notice(`waiting for ${this.awaited.what}: ${reason}`);
    };
    if (this.#progress.state !== "waiting") return;
    const { reason, pullFailed } = this.#progress;
    if (pullFailed || this.#waited > normalMs) notice(reason);
    if (this.#lookedUp || this.#waited < askMs || this.#pod === undefined) return;
    this.#lookedUp = true;
    const trouble = await this.awaited.trouble(this.#pod);
    if (trouble?.state === "failed") throw trouble.error;
    if (trouble?.state !== "waiting") return;
    notice(trouble.reason);
    if (trouble.pullFailed) this.#progress = trouble;
  }

  /** Tries to connect, also before the status reports the container as running. */
  async tryExec(): Promise<{ pod: V1Pod; stream: Duplex } | undefined> {
    const running = this.#progress.state === "running";
    const mayHaveStarted = this.#progress.state === "waiting" && !this.#progress.pullFailed && this.#waited < tryForMs;
    if (this.#pod === undefined || !(running || mayHaveStarted) || performance.now() < this.#tryAt) return undefined;
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
    // A refusal because the container has not started says no more than its status.
    const refusal = notStarted.test(reasonOf(this.#refusal)) ? undefined : this.#refusal;
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

/** Requests the next change. A failure is handled only when the promise is awaited, possibly later. */
function upcoming(changes: AsyncIterator<PodChange>): Promise<IteratorResult<PodChange>> {
  const next = changes.next();
  next.catch(() => {});
  return next;
}
