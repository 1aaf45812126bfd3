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

/** Why a container waits is told at once only where it will not mend by itself. */
const troubles = /^(Err|ImagePull|InvalidImage|Create|RunContainer|Unschedulable|CrashLoop)/;

/** How late a pod's status may be, and how often it is asked for; milliseconds. */
const statusMs = 5000, askAgainMs = 250;

/** What a follower starts from, where the log is there already. */
export interface StartAt {
  tailLines?: number | undefined;
  sinceSeconds?: number | undefined;
}

/** Follows the log of one container over its restarts and lost connections; no line is lost, and none comes twice. */
export class ContainerFollower {
  readonly name: ContainerName;
  readonly #at: StartAt;
  readonly #position = new LogPosition();
  readonly #failures: LogFailures;
  readonly #open = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  readonly #waits = new Set<string>();
  /** Whose log was read last, and whether to its end. */
  #followed: string | undefined;
  #finished = false;
  /** The last of what was there already is behind us: there was nothing, or lines have come. */
  #begun = false;
  /** When it was asked for first, by the clock that goes on while this machine sleeps; milliseconds. */
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
    // Of a container that starts later, nothing is left out.
    this.#at = this.#state().id === undefined ? {} : at;
    this.#failures = new LogFailures(this.name, (event) => this.#tell(event));
  }

  /** Resolves when nothing that the container says from now on can be missed. */
  get open(): Promise<void> {
    return this.#open.promise;
  }

  /** Until the container has ended for good, the pod has gone, or the signal. Throws ScopeError. */
  async run(): Promise<void> {
    this.#running = this.#follow();
    this.#running.catch(() => {});
    try {
      await this.#running;
    } finally {
      this.#open.resolve();
    }
  }

  /** Stops following, and reads what else there is up to now. */
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
    // From now on: what comes first is what stands behind the last line that is there.
    if (this.#at.tailLines === 0) await this.#skip(signal);
    while (!signal.aborted) {
      const state = await this.#untilLog(signal);
      if (state === undefined) return;
      const before = this.#followed;
      if (before === undefined) {
        const { initial } = this.view, { kind } = this.container;
        this.#tell({ type: "log.started", time: now(), ...this.name, kind, initial });
      } else {
        const { previousId, previousExit } = state;
        // Another one may have come and gone unseen.
        if (!this.#finished || (previousId !== undefined && previousId !== before)) {
          await this.#attempt(() => this.#readPrevious(state), signal);
          if (!this.#finished && previousId === before) {
            this.#tell({ type: "log.ended", time: now(), ...this.name, ...previousExit });
          }
        }
        this.#begun = true;
        this.#tell({ type: "log.restarted", time: now(), ...this.name, restarts: state.restarts });
      }
      this.#followed = state.id;
      this.#finished = false;
      if (before !== undefined) this.#position.otherLog();
      await this.#followOne(state, before === undefined, signal);
      if (this.view.gone !== undefined) return;
    }
  }

  /** One container until it has ended, and its log was read to its end. */
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
          // That what has ended long ago has ended is no news.
          if (running || !first) this.#tell({ type: "log.ended", time: now(), ...this.name, ...state.exit });
          return;
        } catch (caught) {
          this.#assertHopeful(error = caught);
        }
      }
      if (!state.running && (error as ScopeError | undefined)?.kind === "notFound") {
        // Its node has removed the log: nothing more can come of it.
        this.#finished = true;
        const { namespace } = this.name;
        this.#tell(failed(`${namespace}/${logName(this.name)}`, error as ScopeError));
        return;
      }
      if (error !== undefined) this.#failures.failed(error as ScopeError);
      await Promise.race([
        delay(this.#failures.waitMs(error), signal),
        ...error === undefined ? [this.view.changed] : [],
      ]);
    }
  }

  /** The rest of the container that ran before. A kubelet keeps that of one only, so it may be another's, or nobody's. */
  async #readPrevious({ previousId }: LogState): Promise<void> {
    if (previousId === undefined) return;
    if (previousId !== this.#followed) this.#position.otherLog();
    try {
      await this.#read({ follow: false, final: true, previous: true }, this.source.signal);
    } catch (error) {
      const { kind } = error as ScopeError;
      if (kind !== "usage" && kind !== "notFound") throw error; // it was removed
    }
  }

  /** Tries again and again what must not be left out. */
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

  /** The position behind the last line that is there. */
  async #skip(signal: AbortSignal): Promise<void> {
    await this.#attempt(async () => {
      const query = { ...this.name, follow: false, tailLines: 1 };
      for await (const entries of this.source.read(query, signal, { final: true })) {
        for (const entry of entries) this.#position.startAfter(entry);
      }
      this.#begun = true;
    }, signal);
  }

  /** Returns false where it is the log of a container that was started meanwhile: then nothing of it has been taken. */
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
    // It was open for some time, and there was nothing: what comes is new.
    if (performance.now() - started > 1000) this.#begun = true;
    return true;
  }

  /**
   * Where to start while no line was seen. That nothing came does not mean that the log is empty, as older lines may stand before
   * `sinceSeconds`: so that stays, counted from the first time, and only what came since is not limited to the last lines.
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

  /** The events of what is new; nothing where this is another container's log. */
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

  /** A kubelet gives the new container's log a moment before the pod's status says that there is one. */
  async #wasRestarted(): Promise<boolean> {
    const signal = this.#signal, end = performance.now() + statusMs;
    while (!signal.aborted && performance.now() < end) {
      await this.#refresh().catch(() => {}); // asked again
      if (this.#state().id !== this.#followed || this.view.gone !== undefined) return true;
      await delay(askAgainMs, signal);
    }
    return signal.aborted;
  }

  /** Waits until there is a log that was not read to its end; nothing when there will be none. */
  async #untilLog(signal: AbortSignal): Promise<LogState | undefined> {
    while (!signal.aborted) {
      const state = this.#state(), read = this.#finished && state.id === this.#followed;
      if (state.id !== undefined && !read) return state;
      if (this.view.gone !== undefined || state.over) return undefined;
      if (state.waiting !== undefined) this.#tellWaiting(state.waiting);
      this.#open.resolve(); // it says nothing that could be missed
      await this.view.changedOr(signal);
    }
    return undefined;
  }

  #tellWaiting(reason: string): void {
    // An init container comes first as a matter of course, and what starts now needs no word.
    if (this.#waits.has(reason) || reason === "PodInitializing") return;
    if (!this.view.initial && !troubles.test(reason)) return;
    this.#waits.add(reason);
    this.#tell({ type: "log.waiting", time: now(), ...this.name, reason });
  }

  #state(): LogState {
    return logState(this.view.pod, this.name.container);
  }

  /** Asks for the pod itself: what the watch says may be old after a connection was lost. */
  async #refresh(): Promise<void> {
    const pod: V1Pod | undefined = await this.source.pod(this.name);
    if (pod === undefined || pod.metadata?.uid !== this.view.uid) this.view.leave("it was deleted");
    else this.view.update(pod);
  }

  /** Throws what no waiting mends. */
  #assertHopeful(error: unknown): void {
    if (!this.#failures.mayMend(error)) throw error;
  }

  #tell(event: Event): void {
    void this.source.push([event]);
  }
}
