import type { V1Pod } from "../../kube/cluster.ts";
import { isFinished, isTerminating } from "../../kube/pods.ts";

/** Time for which streams of a deleted pod stay open, in milliseconds: its last lines arrive after the watch reports its end. */
const lastLinesMs = 10_000;

/** The state of one pod, updated from the watch. */
export class PodView {
  /** Reason why the pod is no longer followed; undefined while it is. */
  gone: string | undefined;
  readonly #ended = new AbortController();
  #changed = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** True if the pod had already finished when it was first seen. */
  readonly finishedBefore: boolean;

  constructor(public pod: V1Pod, readonly initial: boolean) {
    this.finishedBefore = isFinished(pod);
  }

  get uid(): string {
    return this.pod.metadata?.uid ?? "";
  }

  /** Resolves at the next change of the pod. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Resolves at the next change of the pod or when the signal is aborted. Removes its listener from the signal. */
  async changedOr(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const stopped = Promise.withResolvers<void>(), stop = () => stopped.resolve();
    signal.addEventListener("abort", stop, { once: true });
    await Promise.race([this.changed, stopped.promise]);
    signal.removeEventListener("abort", stop);
  }

  /** Aborted when streams of the gone pod must end. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  update(pod: V1Pod): void {
    this.pod = pod;
    this.#wake();
  }

  leave(reason?: string): void {
    this.gone ??= reason ?? (isTerminating(this.pod) ? "it was deleted" : "it is not among the selected pods any more");
    this.#timer ??= setTimeout(() => this.#ended.abort(), lastLinesMs);
    this.#wake();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
