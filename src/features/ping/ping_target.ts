import { ScopeError } from "../../errors.ts";
import type { Event, Failed, PingSummary, PingTarget } from "../../event.ts";
import type { Destination } from "../../target.ts";
import { defined } from "../../lib/defined.ts";
import { RoundTrips } from "../../lib/round_trips.ts";
import type { Tool } from "../../tool.ts";
import { Attempts } from "./attempts.ts";

export interface PingOptions {
  destinations: readonly Destination[];
  /** Packets for each destination; 0 means until stopped. */
  count: number;
  /** Time between two packets to the same destination. */
  intervalMs: number;
}

/** A Tool that also lists its destinations, and that takes destinations out when they are gone. */
export interface PingTool extends Tool {
  /** Returns the events to show before the first output: one for each destination. */
  begin(time: string): PingTarget[];
  /** Takes out a destination that was deleted or has finished: its packets are not reported any more. */
  gone(destination: Destination, reason: string, time: string): Event[];
}

/** The results of one destination. */
export interface Observed {
  readonly destination: Destination;
  readonly roundTrips: RoundTrips;
  lost: number;
  unsent: number;
  gone?: string;
  failed?: NonNullable<PingSummary["failed"]>;
}

/** One address that is pinged; pods with `hostNetwork` on one node share it. */
export interface Target {
  readonly address: string;
  readonly observed: Observed[];
  readonly attempts: Attempts;
  /** Replies and timeouts for packets that were settled before; fping counts them as sent once more. */
  repeated: number;
  /** True if the name does not resolve, or the program failed: no output follows. */
  failed: boolean;
  /** The ICMP error that was received last; it belongs to the next timeout. */
  icmp?: string;
  total?: number;
}

const unsentReason = "no route, no IPv6, or a firewall that forbids it";

export function newObserved(destination: Destination): Observed {
  return { destination, roundTrips: new RoundTrips(), lost: 0, unsent: 0 };
}

export function newTarget(address: string, observed: Observed[]): Target {
  return { address, observed, attempts: new Attempts(), repeated: 0, failed: false };
}

/** Returns one target for each key, in the order of the destinations. */
export function targetsOf(all: readonly Observed[], keyOf: (destination: Destination) => string): Map<string, Target> {
  const targets = new Map<string, Target>();
  for (const observed of all) {
    const key = keyOf(observed.destination), target = targets.get(key);
    if (target) target.observed.push(observed);
    else targets.set(key, newTarget(observed.destination.address, [observed]));
  }
  return targets;
}

export function begin(all: readonly Observed[], time: string): PingTarget[] {
  return all.map(({ destination }) => ({ type: "ping.target", time, ...destination }));
}

/** Marks a destination as gone. Returns no events if it is not one of `all`, or was marked before. */
export function gone(all: readonly Observed[], destination: Destination, reason: string, time: string): Event[] {
  const observed = all.find((one) => sameDestination(one.destination, destination));
  if (observed === undefined || observed.gone !== undefined) return [];
  observed.gone = reason;
  return [{ type: "ping.gone", time, ...observed.destination, reason }];
}

/** Returns 0 if all destinations that were tried answered, 1 if some did not, 2 if none did. */
export function exitCode(all: readonly Observed[], targets: Iterable<Target>): number {
  const failed = [...targets].filter((target) => target.failed).flatMap((one) => one.observed);
  const tried = all.filter((one) => one.roundTrips.count + one.lost + one.unsent > 0 || failed.includes(one));
  const answered = tried.filter((one) => one.roundTrips.count > 0);
  if (answered.length === tried.length) return 0;
  return answered.length === 0 ? 2 : 1;
}

/**
 * Marks a target whose name does not resolve as failed.
 *
 * @throws {ScopeError} notFound, when no target is left.
 */
export function cannotResolve(target: Target, targets: Iterable<Target>, words: string, time: string): Failed[] {
  fail(target, "unresolved");
  const message = `Cannot resolve "${target.address}" in the target's network`;
  const hint = `the resolver says: ${words}`;
  if ([...targets].every((one) => one.failed || one.observed.length === 0)) {
    throw new ScopeError("notFound", message, { hint });
  }
  return [{ type: "failed", time, subject: target.address, reason: message, hint }];
}

/** Marks a target as failed: no more lines follow. */
export function fail(target: Target, why: NonNullable<PingSummary["failed"]>): void {
  target.failed = true;
  for (const one of target.observed) one.failed = why;
}

function present(target: Target): Observed[] {
  return target.observed.filter((one) => one.gone === undefined);
}

export function answered(target: Target, seq: number, rttMs: number, time: string): Event[] {
  return present(target).map((observed) => {
    observed.roundTrips.add(rttMs);
    return { type: "ping.reply", time, ...observed.destination, seq, rttMs };
  });
}

export function lost(target: Target, seq: number, time: string): Event[] {
  const reason = defined({ reason: target.icmp });
  delete target.icmp;
  return present(target).map((observed) => {
    observed.lost += 1;
    return { type: "ping.lost", time, ...observed.destination, seq, ...reason };
  });
}

export function unsent(target: Target, seqs: readonly number[], time: string, reason = unsentReason): Event[] {
  const events: Event[] = [];
  for (const seq of seqs) {
    target.attempts.settle(seq);
    for (const observed of present(target)) {
      observed.unsent += 1;
      events.push({ type: "ping.unsent", time, ...observed.destination, seq, reason });
    }
  }
  return events;
}

export function summary({ destination, roundTrips, lost, unsent, gone, failed }: Observed, time: string): PingSummary {
  const received = roundTrips.count;
  const sent = received + lost;
  const { minMs, averageMs, maxMs } = roundTrips;
  const p95Ms = roundTrips.percentile(95);
  return {
    type: "ping.summary",
    time,
    ...destination,
    sent,
    received,
    lost,
    unsent,
    lossPercent: sent === 0 ? 0 : Math.round(lost / sent * 10_000) / 100,
    ...defined({ minMs, avgMs: averageMs, p95Ms, maxMs, gone, failed }),
  };
}

function sameDestination(a: Destination, b: Destination): boolean {
  return a.namespace === b.namespace && a.pod === b.pod && a.address === b.address;
}
