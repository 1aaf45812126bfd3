import { Channel } from "../../lib/channel.ts";
import { delay } from "../../lib/delay.ts";
import { ScopeError } from "../../errors.ts";
import type { Event } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import { isFinished } from "../../kube/pods.ts";
import { logName } from "../../kube/logs.ts";
import { watchPods } from "../../kube/watch.ts";
import type { ClusterContext } from "../../context.ts";
import { ContainerFollower, type StartAt } from "./container_follower.ts";
import type { LogSource } from "./log_source.ts";
import { PodView } from "./pod_view.ts";
import type { LogSelection } from "./selection.ts";

/** Silence after which all logged lines are considered read, and the longest wait for that silence, in milliseconds. */
const quietMs = 300, drainMs = 1500;
/** Limit of the final read of all logs, in milliseconds. */
const catchUpMs = 2000;

/** Follows the logs of all pods of a selection, including pods that appear later. */
export class PodsFollower {
  readonly #followers = new Set<ContainerFollower>();
  readonly #pods = new Map<string, PodView>();
  readonly #listed = Promise.withResolvers<void>();
  #lastLine = 0;

  constructor(
    private readonly context: ClusterContext,
    private readonly selection: LogSelection,
    private readonly source: LogSource,
    private readonly at: StartAt,
  ) {}

  /** Follows until the one named pod has ended, or until the signal is aborted. Throws ScopeError. */
  async run(): Promise<void> {
    const failure = Promise.withResolvers<never>();
    failure.promise.catch(() => {});
    const named: Promise<void>[] = [];
    const watch = async () => {
      const { named: byName, watch, pods, wanted } = this.selection, { signal } = this.source;
      let initial = true;
      for await (const change of watchPods(this.context.cluster, watch, signal)) {
        if (change.type === "LISTED") {
          if (initial && byName && this.#pods.size === 0) throw goneAlready(this.selection);
          initial = false;
          this.#listed.resolve();
          continue;
        }
        const { pod } = change, uid = pod.metadata?.uid ?? "", known = this.#pods.get(uid);
        known?.update(pod);
        if (change.type === "DELETED") {
          known?.leave(byName ? "it was deleted" : undefined);
          this.#pods.delete(uid);
        } else if (known === undefined && wanted(pod).length > 0 && (!byName || uid === pods[0]?.metadata?.uid)) {
          const view = new PodView(pod, initial);
          this.#pods.set(uid, view);
          const followed = this.#followPod(view);
          followed.catch((error) => failure.reject(error));
          if (byName) named.push(followed);
        }
      }
    };
    const watching = watch();
    watching.catch((error) => failure.reject(error));
    const all = this.#listed.promise.then(async () => void await (named.length > 0 ? Promise.all(named) : watching));
    await Promise.race([all, watching, failure.promise]);
  }

  /** Resolves when every line that the pods write from now on will be read. Throws ScopeError (timeout). */
  async open(limitMs: number): Promise<void> {
    const limit = new AbortController(), waiting = new Set<string>();
    const all = this.#listed.promise.then(() =>
      Promise.all([...this.#followers].map((follower) => {
        const name = logName(follower.name);
        waiting.add(name);
        return follower.open.then(() => waiting.delete(name));
      }))
    );
    const late = delay(limitMs, AbortSignal.any([limit.signal, this.source.signal])).then(() => "late" as const);
    const first = await Promise.race([all, late]);
    limit.abort();
    if (first !== "late" || this.source.signal.aborted) return;
    const names = [...waiting], others = names.length - 1;
    const more = others > 0 ? ` and of ${others} ${others === 1 ? "other" : "others"}` : "";
    throw new ScopeError("timeout", `Cannot read the logs of "${names[0] ?? "the pods"}"${more}`, {
      hint: "leave it out with -l or -p, or give it longer with --timeout SECONDS; kubectl get pods -o wide says more",
    });
  }

  /** Records the time of a received line. */
  lineArrived(): void {
    this.#lastLine = performance.now();
  }

  /** Reads all lines logged up to now, and stops following. */
  async drain(): Promise<void> {
    const start = performance.now(), { signal } = this.source;
    for (let left = quietMs; left > 0; left = Math.max(this.#lastLine, start) + quietMs - performance.now()) {
      if (signal.aborted || performance.now() - start > drainMs) break;
      await delay(left, signal);
    }
    const limit = new AbortController(), until = AbortSignal.any([limit.signal, signal]);
    const followers = [...this.#followers];
    let left = followers.length;
    const all = followers.map((follower) => follower.catchUp().then(() => void left--, () => {}));
    await Promise.race([Promise.all(all), delay(catchUpMs, until)]);
    limit.abort();
    if (left > 0 && !signal.aborted) {
      this.context.notice(`the last lines of ${left === 1 ? "1 log" : `${left} logs`} could not be read in time`);
    }
  }

  async #followPod(view: PodView): Promise<void> {
    using _view = view;
    const { namespace = "", name: pod = "" } = view.pod.metadata ?? {}, { wanted } = this.selection;
    const running = new Map<string, Promise<void>>();
    for (let ended = false; !ended && !this.source.signal.aborted;) {
      for (const container of wanted(view.pod)) {
        if (running.has(container.name)) continue;
        const follower = new ContainerFollower(this.source, view, container, view.initial ? this.at : {});
        this.#followers.add(follower);
        running.set(container.name, follower.run().finally(() => this.#followers.delete(follower)));
      }
      const changed = view.changed.then(() => false);
      ended = await Promise.race([Promise.all(running.values()).then(() => true), changed]);
    }
    if (this.source.signal.aborted) return;
    if (view.gone === undefined && !isFinished(view.pod)) return;
    const reason = view.gone ?? "it has finished",
      event: Event = { type: "log.gone", time: now(), namespace, pod, reason };
    // The end of a pod that had already finished at the start is not reported.
    if (view.gone !== undefined || !view.finishedBefore) await this.source.push([event]);
  }
}

function goneAlready({ namespace, pods }: LogSelection): ScopeError {
  return new ScopeError("notFound", `Pod "${namespace}/${pods[0]?.metadata?.name}" has gone meanwhile`, {
    hint: "choose a pod that runs; with -l or TYPE/NAME scope follows those that come",
  });
}

/** A queue of event batches from several producers. `push` resolves when the consumer has taken the batch. */
export class EventQueue {
  readonly #batches = new Channel<readonly Event[]>();

  push(events: readonly Event[]): Promise<void> {
    return events.length === 0 ? Promise.resolve() : this.#batches.push(events);
  }

  close(): void {
    this.#batches.close();
  }

  async *events(): AsyncIterable<Event> {
    for await (const batch of this.#batches) yield* batch;
  }
}
