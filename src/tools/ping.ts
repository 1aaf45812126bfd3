import { ScopeError } from "../errors.ts";
import { type Destination, type Event, now, type PingTarget } from "../event.ts";
import type { Tool, ToolExit, ToolOutput } from "../tool.ts";
import { Rounds } from "./attempts.ts";
import { beatAddress, canonicalAddress, fpingArguments, replyTimeoutMs } from "./fping_arguments.ts";
import { parseFpingLine } from "./fping_output.ts";
import { answered, lost, newObserved, newTarget, type Observed, summary, type Target, unsent } from "./ping_target.ts";

export interface PingOptions {
  destinations: readonly Destination[];
  /** Packets for each destination; 0 is until stopped. */
  count: number;
  /** From one packet to the next of the same destination. */
  intervalMs: number;
}

/** A Tool that also knows what it is about to ping, and that can be told what has gone meanwhile. */
export interface PingTool extends Tool {
  /** The events to show before the first output: one for each destination. */
  begin(time: string): PingTarget[];
  /** The destination was deleted or has finished: its losses are not reported any more. */
  gone(destination: Destination, reason: string, time: string): Event[];
}

/**
 * Pings any number of destinations from one fping process. A destination counts as lost when nothing came back from it:
 * the exit code is 0 when all answered, 1 when some are lost, 2 when all are. Packets in flight at the end count as
 * nothing. `read` throws a ScopeError when no destination is left, as no host name resolves; the caller then ends the
 * run.
 *
 * @throws {ScopeError} usage, when that is more than fping can send.
 */
export function pingTool(options: PingOptions): PingTool {
  return new Ping(options);
}

class Ping implements PingTool {
  readonly argv: readonly string[];
  readonly namespaces = ["net"] as const;
  readonly stopSignal = "SIGINT";
  readonly #count: number;
  readonly #timeoutMs: number;
  readonly #rounds: Rounds;
  readonly #targets = new Map<string, Target>();
  readonly #all: Observed[] = [];
  readonly #words: string[] = [];
  #failedWith = 0;

  constructor({ destinations, count, intervalMs }: PingOptions) {
    if (destinations.length === 0) throw new ScopeError("bug", "pingTool needs at least one destination");
    this.#count = count;
    this.#timeoutMs = replyTimeoutMs(intervalMs);
    this.#rounds = new Rounds(this.#timeoutMs);
    const targets = new Map<string, Target>();
    for (const destination of destinations) {
      const observed = newObserved(destination);
      this.#all.push(observed);
      const key = canonicalAddress(destination.address);
      const target = targets.get(key);
      if (target) target.observed.push(observed);
      else targets.set(key, newTarget(destination.address, [observed]));
    }
    const beat = targets.get(beatAddress) ?? newTarget(beatAddress, []);
    targets.delete(beatAddress);
    // fping prints a target as it was given, so its spelling is the key from here on.
    for (const target of [...targets.values(), beat]) this.#targets.set(target.address, target);
    this.argv = fpingArguments([...this.#targets.keys()], count, intervalMs);
  }

  begin(time: string): PingTarget[] {
    return this.#all.map(({ destination }) => ({ type: "ping.target", time, ...destination }));
  }

  gone(destination: Destination, reason: string, time: string): Event[] {
    const observed = this.#all.find((one) => sameDestination(one.destination, destination));
    if (observed === undefined || observed.gone !== undefined) return [];
    observed.gone = reason;
    return [{ type: "ping.gone", time, ...observed.destination, reason }];
  }

  read(output: ToolOutput): Event[] {
    if ("exit" in output) return this.#finish(output.exit);
    const line = parseFpingLine(output.line);
    const target = "target" in line ? this.#targets.get(line.target) : undefined;
    if (target === undefined) {
      if (output.stream === "stderr" && output.line.trim() !== "") this.#words.push(output.line.trim());
      this.#words.splice(0, this.#words.length - 3);
      return [];
    }
    switch (line.kind) {
      case "reply":
        return this.#settle(target, line.seq, line.at ?? Date.parse(output.time), line.rttMs);
      case "timeout":
        return this.#settle(target, line.seq, line.at ?? Date.parse(output.time), undefined);
      case "icmp":
        target.icmp = line.reason;
        return [];
      case "total":
        target.total = line.sent;
        return [];
      case "about":
        return this.#cannotResolve(target, line.words, output.time);
      default:
        return [];
    }
  }

  exitCode(): number {
    if (this.#failedWith !== 0) return this.#failedWith;
    const unresolved = [...this.#targets.values()].filter((target) => target.unresolved).flatMap((one) => one.observed);
    const tried = this.#all.filter((one) =>
      one.roundTrips.count + one.lost + one.unsent > 0 || unresolved.includes(one)
    );
    const answered = tried.filter((one) => one.roundTrips.count > 0);
    if (answered.length === tried.length) return 0;
    return answered.length === 0 ? 2 : 1;
  }

  #settle(target: Target, seq: number, at: number, rttMs: number | undefined): Event[] {
    const events: Event[] = [];
    const due = this.#rounds.sent(seq, at - (rttMs ?? this.#timeoutMs), target.address === beatAddress);
    const time = new Date(at).toISOString();
    if (!target.attempts.settle(seq)) {
      target.repeated += 1;
    } else {
      events.push(...(rttMs === undefined ? lost(target, seq, time) : answered(target, seq, rttMs, time)));
    }
    if (due === undefined) return events;
    const targets = [...this.#targets.values()].filter((one) => !one.unresolved);
    return [...events, ...targets.flatMap((one) => unsent(one, one.attempts.open(due), time))];
  }

  /** What fping's totals reveal: a packet that it counts as sent but never spoke of could not be sent. */
  #finish(exit: ToolExit): Event[] {
    const time = now();
    const events: Event[] = [];
    const done = this.#count > 0 && this.#targets.get(beatAddress)?.total === this.#count;
    for (const target of this.#targets.values()) {
      const { attempts, total = 0, repeated } = target;
      if (target.unresolved) continue;
      if (done) events.push(...unsent(target, attempts.open(this.#count - 1), time));
      const silent = Math.max(0, total - repeated - attempts.settled);
      events.push(...unsent(target, attempts.open(total).slice(0, silent), time));
    }
    // 1 and 2 tell of lost and unknown hosts; 130 is SIGINT before fping was ready for it.
    if (exit.code > 2 && exit.code !== 130) {
      this.#failedWith = exit.code;
      const reason = this.#words.join("; ") || "it said nothing; to open its socket it needs NET_RAW";
      events.push({ type: "failed", time, subject: "fping", reason: `exit code ${exit.code}: ${reason}` });
    }
    return [...events, ...this.#all.map((observed) => summary(observed, time))];
  }

  #cannotResolve(target: Target, words: string, time: string): Event[] {
    target.unresolved = true;
    const error = cannotResolve(target.address, words);
    if ([...this.#targets.values()].every((one) => one.unresolved || one.observed.length === 0)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return [{ type: "failed", time, subject: target.address, reason: error.message, ...hint }];
  }
}

function cannotResolve(host: string, words: string): ScopeError {
  return new ScopeError("notFound", `Cannot resolve "${host}" in the target's network`, {
    hint: `the resolver says: ${words}`,
  });
}

function sameDestination(a: Destination, b: Destination): boolean {
  return a.namespace === b.namespace && a.pod === b.pod && a.address === b.address;
}
