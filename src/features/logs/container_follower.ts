import { delay } from "../../lib/delay.ts";
import type { ScopeError } from "../../errors.ts";
import type { ContainerName, Event } from "../../event.ts";
import { failed } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import type { V1Pod } from "../../kube/cluster.ts";
import { type LogContainer, type LogState, logState } from "../../kube/container_logs.ts";
import type { LogEntry } from "../../kube/log_lines.ts";
import { logName } from "../../kube/logs.ts";
import { LogPosition } from "./log_position.ts";
import { LogFailures } from "./log_failures.ts";
import { type LogSource, toEvents } from "./log_source.ts";
import type { PodView } from "./pod_view.ts";

/** Waiting reasons that do not resolve by themselves: the only ones reported for pods that appear later. */
const troubles = /^(Err|ImagePull|InvalidImage|Create|RunContainer|Unschedulable|CrashLoop)/;

/** Maximum delay of a pod's status, and interval between requests for it, in milliseconds. */
const statusMs = 5000, pollMs = 250;

/** Start of the log that is read, for containers that already have one. */
export interface StartAt {
  tailLines?: number | undefined;
  sinceSeconds?: number | undefined;
}

/** Follows the log of one container across restarts and lost connections, without missing or repeating a line. */
export class ContainerFollower {
  readonly name: ContainerName;
  readonly #at: StartAt;
  readonly #position = new LogPosition();
  readonly #failures: LogFailures;
  readonly #open = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  readonly #reportedReasons = new Set<string>();
  /** Id of the container whose log was read last; `#finished` is true if that log was read to its end. */
  #followed: string | undefined;
  #finished = false;
  /** The existing log has been read; `tailLines` must not be sent again. */
  #begun = false;
  /** Time of the first request, in milliseconds, by the wall clock, which also advances while this machine sleeps. */
  #askedAt: number | undefined;
  #running: Promise<void> | undefined;

  constructor(
    private readonly source: LogSource,
    private readonly view: PodView,
    private readonly container: LogContainer,
    at: StartAt,
  ) {
    const { namespace = "", name: pod = "" } = view.pod.metadata ?? {};
    this.name = { namespace, pod, container: container.name };
    // The whole log of a container that starts later is read.
    this.#at = this.#state().id === undefined ? {} : at;
    this.#failures = new LogFailures(this.name, (event) => this.#emit(event));
  }

  /** Resolves when every line that the container writes from now on will be read. */
  get open(): Promise<void> {
    return this.#open.promise;
  }

  /** Follows until the container has ended for good, the pod is gone, or the signal is aborted. Throws ScopeError. */
  async run(): Promise<void> {
    this.#running = this.#follow();
    this.#running.catch(() => {});
    try {
      await this.#running;
    } finally {
      this.#open.resolve();
    }
  }

  /** Stops following, and reads the lines written up to now. */
  async catchUp(): Promise<void> {
    this.#stop.abort();
    await this.#running?.catch(() => {});
    const state = this.#state();
    if (state.id === undefined || this.#finished && state.id === this.#followed) return;
    const query = { follow: false, final: true }, { signal } = this.source;
    const restarted = this.#followed !== undefined && state.id !== this.#followed;
    if (!restarted && await this.#read(query, signal)) return;
    await this.#readPrevious(this.#state());
    this.#position.otherLog();
    await this.#read(query, signal);
  }

  get #signal(): AbortSignal {
    return AbortSignal.any([this.source.signal, this.view.signal, this.#stop.signal]);
  }

  async #follow(): Promise<void> {
    const signal = this.#signal;
    // With no tail, the first wanted line is the one after the last existing line.
    if (this.#at.tailLines === 0) await this.#skip(signal);
    while (!signal.aborted) {
      const state = await this.#untilLog(signal);
      if (state === undefined) return;
      const before = this.#followed;
      if (before === undefined) {
        const { initial } = this.view, { kind } = this.container;
        this.#emit({ type: "log.started", time: now(), ...this.name, kind, initial });
      } else {
        const { previousId, previousExit } = state;
        // Another run of the container may have started and ended unobserved.
        if (!this.#finished || (previousId !== undefined && previousId !== before)) {
          await this.#attempt(() => this.#readPrevious(state), signal);
          if (!this.#finished && previousId === before) {
            this.#emit({ type: "log.ended", time: now(), ...this.name, ...previousExit });
          }
        }
        this.#begun = true;
        this.#emit({ type: "log.restarted", time: now(), ...this.name, restarts: state.restarts });
      }
      this.#followed = state.id;
      this.#finished = false;
      if (before !== undefined) this.#position.otherLog();
      await this.#followOne(state, before === undefined, signal);
      if (this.view.gone !== undefined) return;
    }
  }

  /** Follows one run of the container until it has ended and its log was read to its end. */
  async #followOne({ id, running }: LogState, first: boolean, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let error: unknown;
      try {
        await this.#read({ follow: true, final: false }, signal);
      } catch (caught) {
        error = caught;
        this.#assertHopeful(error);
      }
      if (signal.aborted || this.view.gone !== undefined) return;
      if (error !== undefined) await this.#refresh().catch((caught) => error = caught);
      const state = this.#state();
      if (state.id !== id || this.view.gone !== undefined) return;
      if (!state.running && error === undefined) {
        // The stream may have ended a moment before the last lines were written.
        try {
          if (!await this.#read({ follow: false, final: true }, signal)) continue;
          this.#finished = true;
          // The end of a container that had already ended at the start is not reported.
          if (running || !first) this.#emit({ type: "log.ended", time: now(), ...this.name, ...state.exit });
          return;
        } catch (caught) {
          this.#assertHopeful(error = caught);
        }
      }
      if (!state.running && (error as ScopeError | undefined)?.kind === "notFound") {
        // The node has removed the log: no more lines can come.
        this.#finished = true;
        const { namespace } = this.name;
        this.#emit(failed(`${namespace}/${logName(this.name)}`, error as ScopeError));
        return;
      }
      if (error !== undefined) this.#failures.failed(error as ScopeError);
      await Promise.race([
        delay(this.#failures.waitMs(error), signal),
        ...error === undefined ? [this.view.changed] : [],
      ]);
    }
  }

  /** Reads the rest of the previous run's log. A kubelet keeps one: it may belong to another run, or be gone. */
  async #readPrevious({ previousId }: LogState): Promise<void> {
    if (previousId === undefined) return;
    if (previousId !== this.#followed) this.#position.otherLog();
    try {
      await this.#read({ follow: false, final: true, previous: true }, this.source.signal);
    } catch (error) {
      const { kind } = error as ScopeError;
      if (kind !== "usage" && kind !== "notFound") throw error; // otherwise the log was removed
    }
  }

  /** Retries until success, until the signal is aborted, or until the pod is gone. */
  async #attempt(what: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.view.gone === undefined) {
      try {
        return await what();
      } catch (error) {
        this.#assertHopeful(error);
        this.#failures.failed(error as ScopeError);
        await delay(this.#failures.waitMs(error), signal);
      }
    }
  }

  /** Moves the position behind the last existing line. */
  async #skip(signal: AbortSignal): Promise<void> {
    await this.#attempt(async () => {
      const query = { ...this.name, follow: false, tailLines: 1 };
      for await (const entries of this.source.read(query, signal, { final: true })) {
        for (const entry of entries) this.#position.startAfter(entry);
      }
      this.#begun = true;
    }, signal);
  }

  /** Reads the log from the position on. Returns false, with no line taken, if the log is that of a newly started container. */
  async #read(
    { follow, final, previous = false }: { follow: boolean; final: boolean; previous?: boolean },
    signal: AbortSignal,
  ): Promise<boolean> {
    const since = this.#position.since, started = performance.now();
    this.#position.resume();
    const from = since !== undefined ? { sinceTime: since } : this.#start();
    const opened = () => {
      this.#open.resolve();
      this.#failures.opened();
    };
    const query = { ...this.name, follow, previous, ...from };
    for await (const entries of this.source.read(query, signal, { opened, final })) {
      this.#begun = true;
      const events = await this.#fresh(entries, previous);
      if (events === undefined) return false;
      await this.source.push(events);
    }
    // The stream was open for some time without a line: any line that comes is new.
    if (performance.now() - started > 1000) this.#begun = true;
    return true;
  }

  /**
   * Returns the start of the log while no line was seen. The log may still have lines older than `sinceSeconds`, so that limit
   * stays, counted from the first request. `tailLines` is dropped once the existing log has been read.
   */
  #start(): StartAt {
    const { sinceSeconds, tailLines } = this.#at, time = Date.now();
    this.#askedAt ??= time;
    const elapsed = Math.max(0, Math.ceil((time - this.#askedAt) / 1000));
    return {
      ...(sinceSeconds === undefined ? {} : { sinceSeconds: sinceSeconds + elapsed }),
      ...(this.#begun ? {} : { tailLines }),
    };
  }

  /** Returns the events of new lines; undefined if the log is that of a newly started container. */
  async #fresh(entries: readonly LogEntry[], previous: boolean): Promise<Event[] | undefined> {
    const events: Event[] = [];
    for (const entry of entries) {
      let taken = this.#position.take(entry);
      if (taken === "foreign") {
        if (!previous && await this.#wasRestarted()) return undefined;
        this.#position.trust();
        events.push({ type: "log.gap", time: now(), ...this.name });
        taken = this.#position.take(entry);
      }
      if (taken === "fresh") toEvents(this.name, entry, this.source.grep, events);
    }
    return events;
  }

  /** Waits for a new container id: a kubelet serves the new log a moment before the pod's status shows the restart. */
  async #wasRestarted(): Promise<boolean> {
    const signal = this.#signal, end = performance.now() + statusMs;
    while (!signal.aborted && performance.now() < end) {
      await this.#refresh().catch(() => {}); // retried by the loop
      if (this.#state().id !== this.#followed || this.view.gone !== undefined) return true;
      await delay(pollMs, signal);
    }
    return signal.aborted;
  }

  /** Waits for a log that was not read to its end. Returns undefined if there will be none. */
  async #untilLog(signal: AbortSignal): Promise<LogState | undefined> {
    while (!signal.aborted) {
      const state = this.#state(), read = this.#finished && state.id === this.#followed;
      if (state.id !== undefined && !read) return state;
      if (this.view.gone !== undefined || state.over) return undefined;
      if (state.waiting !== undefined) this.#emitWaiting(state.waiting);
      this.#open.resolve(); // without a running container, no line can be missed
      await this.view.changedOr(signal);
    }
    return undefined;
  }

  #emitWaiting(reason: string): void {
    // Not reported: waiting for init containers, and a normal start of a pod that appeared later.
    if (this.#reportedReasons.has(reason) || reason === "PodInitializing") return;
    if (!this.view.initial && !troubles.test(reason)) return;
    this.#reportedReasons.add(reason);
    this.#emit({ type: "log.waiting", time: now(), ...this.name, reason });
  }

  #state(): LogState {
    return logState(this.view.pod, this.name.container);
  }

  /** Requests the pod: the state from the watch may be stale after a connection was lost. */
  async #refresh(): Promise<void> {
    const pod: V1Pod | undefined = await this.source.pod(this.name);
    if (pod === undefined || pod.metadata?.uid !== this.view.uid) this.view.leave("it was deleted");
    else this.view.update(pod);
  }

  /** Throws the error if a retry cannot succeed. */
  #assertHopeful(error: unknown): void {
    if (!this.#failures.mayRecover(error)) throw error;
  }

  #emit(event: Event): void {
    void this.source.push([event]);
  }
}
