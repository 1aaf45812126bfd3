import type { Destination, Event, PingSummary } from "../event.ts";
import { RoundTrips } from "../round_trips.ts";
import { Attempts } from "./attempts.ts";

/** What was seen of one destination. */
export interface Observed {
  readonly destination: Destination;
  readonly roundTrips: RoundTrips;
  lost: number;
  unsent: number;
  gone?: string;
}

/** One address that fping pings; hostNetwork pods of one node share it. */
export interface Target {
  readonly address: string;
  readonly observed: Observed[];
  readonly attempts: Attempts;
  /** Replies and timeouts for packets that were settled before; fping counts them as sent once more. */
  repeated: number;
  unresolved: boolean;
  /** The ICMP error that came back last and belongs to the next timeout. */
  icmp?: string;
  total?: number;
}

const unsentReason = "no route, no IPv6, or a firewall that forbids it";

export function newObserved(destination: Destination): Observed {
  return { destination, roundTrips: new RoundTrips(), lost: 0, unsent: 0 };
}

export function newTarget(address: string, observed: Observed[]): Target {
  return { address, observed, attempts: new Attempts(), repeated: 0, unresolved: false };
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
  const reason = target.icmp === undefined ? {} : { reason: target.icmp };
  delete target.icmp;
  return present(target).map((observed) => {
    observed.lost += 1;
    return { type: "ping.lost", time, ...observed.destination, seq, ...reason };
  });
}

export function unsent(target: Target, seqs: readonly number[], time: string): Event[] {
  const events: Event[] = [];
  for (const seq of seqs) {
    target.attempts.settle(seq);
    for (const observed of present(target)) {
      observed.unsent += 1;
      events.push({ type: "ping.unsent", time, ...observed.destination, seq, reason: unsentReason });
    }
  }
  return events;
}

export function summary({ destination, roundTrips, lost, unsent, gone }: Observed, time: string): PingSummary {
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
    ...(minMs === undefined ? {} : { minMs }),
    ...(averageMs === undefined ? {} : { avgMs: averageMs }),
    ...(p95Ms === undefined ? {} : { p95Ms }),
    ...(maxMs === undefined ? {} : { maxMs }),
    ...(gone === undefined ? {} : { gone }),
  };
}
