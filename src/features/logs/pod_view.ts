import type { V1Pod } from "../../kube/cluster.ts";
import { isFinished, isTerminating } from "../../kube/pods.ts";

/** How long a stream of a pod that has gone may go on: its last lines come after the news of its end; milliseconds. */
const lastWordsMs = 10_000;

/** One pod as the watch tells of it. */
export class PodView {
  /** Why it is followed no more. */
  gone: string | undefined;
  readonly #ended = new AbortController();
  #changed = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** It had finished before anybody looked. */
  readonly finishedBefore: boolean;

  constructor(public pod: V1Pod, readonly initial: boolean) {
    this.finishedBefore = isFinished(pod);
  }

  get uid(): string {
    return this.pod.metadata?.uid ?? "";
  }

  /** Resolves at the next change. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Resolves at the next change, or as soon as the signal is aborted; leaves nothing at the signal. */
  async changedOr(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const stopped = Promise.withResolvers<void>(), stop = () => stopped.resolve();
    signal.addEventListener("abort", stop, { once: true });
    await Promise.race([this.changed, stopped.promise]);
    signal.removeEventListener("abort", stop);
  }

  /** Ends what still reads of it. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  update(pod: V1Pod): void {
    this.pod = pod;
    this.#wake();
  }

  leave(reason?: string): void {
    this.gone ??= reason ?? (isTerminating(this.pod) ? "it was deleted" : "it is not among the selected pods any more");
    this.#timer ??= setTimeout(() => this.#ended.abort(), lastWordsMs);
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
