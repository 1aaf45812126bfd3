import { onAbort } from "../../lib/on_abort.ts";
import { Wakeup } from "../../lib/wakeup.ts";
import type { V1Pod } from "../../kube/cluster.ts";
import { isFinished, isTerminating } from "../../kube/pods.ts";

/** Time for which streams of a deleted pod stay open, in milliseconds: its last lines arrive after the watch reports its end. */
const lastLinesMs = 10_000;

/** The state of one pod, updated from the watch. */
export class PodView {
  /** Reason why the pod is no longer followed; undefined while it is. */
  gone: string | undefined;
  readonly #ended = new AbortController();
  readonly #changed = new Wakeup();
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
    return this.#changed.next;
  }

  /** Resolves at the next change of the pod or when the signal is aborted. */
  async changedOr(signal: AbortSignal): Promise<void> {
    const stopped = Promise.withResolvers<void>();
    using _abort = onAbort(signal, stopped.resolve);
    await Promise.race([this.changed, stopped.promise]);
  }

  /** Aborted when streams of the gone pod must end. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  update(pod: V1Pod): void {
    this.pod = pod;
    this.#changed.wake();
  }

  leave(reason?: string): void {
    this.gone ??= reason ?? (isTerminating(this.pod) ? "it was deleted" : "it is not among the selected pods any more");
    this.#timer ??= setTimeout(() => this.#ended.abort(), lastLinesMs);
    this.#changed.wake();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
