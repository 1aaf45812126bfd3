import { type Event, type Failed, type PingSkipped, type PingSummary } from "../../event.ts";
import { type Destination, destinationName } from "../../target.ts";
import { defined } from "../../lib/defined.ts";
import { RoundTrips } from "../../lib/round_trips.ts";

/** The outcome of one packet. */
export type Outcome = { at: number; rttMs: number } | { at: number; missing: "lost" | "unsent" };

/** The standings of a target, worst first. `losing`: some of the latest packets are missing; `lost`: the last three are. */
export const standings = ["lost", "failed", "unsent", "losing", "ok", "pending", "gone"] as const;
export type Standing = typeof standings[number];

const keptPackets = 512;
const latestPackets = 30;

/** The state of one target, for display. */
export class Pinged {
  readonly roundTrips = new RoundTrips();
  lost = 0;
  unsent = 0;
  gone: string | undefined;
  /** True if the name has no address, or the pinging program failed. */
  failed = false;
  readonly #outcomes = new Map<number, Outcome>();
  #newest = -1;
  #standing: Standing | undefined;

  constructor(readonly destination: Destination) {}

  /** Records an outcome by sequence number, as a loss is known only after later replies. */
  record(seq: number | undefined, outcome: Outcome): void {
    const at = seq ?? this.#newest + 1;
    this.#standing = undefined;
    this.#newest = Math.max(this.#newest, at);
    this.#outcomes.set(at, outcome);
    this.#outcomes.delete(this.#newest - keptPackets);
    if ("rttMs" in outcome) this.roundTrips.add(outcome.rttMs);
    else this[outcome.missing] += 1;
  }

  /** Returns the last `count` packets, the oldest first; undefined for those in flight. */
  last(count: number): (Outcome | undefined)[] {
    const from = Math.max(0, this.#newest + 1 - Math.min(count, keptPackets));
    return Array.from({ length: this.#newest + 1 - from }, (_, index) => this.#outcomes.get(from + index));
  }

  get latest(): Outcome | undefined {
    return this.last(latestPackets).findLast((outcome) => outcome !== undefined);
  }

  /** Loss among the packets that were sent and are settled, in percent. */
  get lossPercent(): number {
    const sent = this.roundTrips.count + this.lost;
    return sent === 0 ? 0 : this.lost / sent * 100;
  }

  get standing(): Standing {
    if (this.gone !== undefined) return "gone";
    if (this.failed) return "failed";
    return this.#standing ??= this.#judge();
  }

  #judge(): Standing {
    const settled = this.last(latestPackets).filter((outcome) => outcome !== undefined);
    const newest = settled.slice(-3);
    if (newest.length === 0) return "pending";
    if (newest.every((outcome) => "missing" in outcome)) {
      return newest.some((outcome) => "missing" in outcome && outcome.missing === "unsent") ? "unsent" : "lost";
    }
    return settled.some((outcome) => "missing" in outcome) ? "losing" : "ok";
  }
}

/** The state of a ping, from its events so far. */
export interface PingState {
  readonly targets: Map<string, Pinged>;
  readonly skipped: PingSkipped[];
  readonly failed: Failed[];
  readonly summaries: PingSummary[];
}

export function newPingState(): PingState {
  return { targets: new Map(), skipped: [], failed: [], summaries: [] };
}

/** Applies an event to the state. Events of other commands are ignored. */
export function applyEvent(state: PingState, event: Event): void {
  switch (event.type) {
    case "ping.target":
      pinged(state, event);
      break;
    case "ping.reply":
      pinged(state, event).record(event.seq, { at: Date.parse(event.time), rttMs: event.rttMs });
      break;
    case "ping.lost":
      pinged(state, event).record(event.seq, { at: Date.parse(event.time), missing: "lost" });
      break;
    case "ping.unsent":
      pinged(state, event).record(event.seq, { at: Date.parse(event.time), missing: "unsent" });
      break;
    case "ping.gone":
      pinged(state, event).gone = event.reason;
      break;
    case "ping.skipped":
      state.skipped.push(event);
      break;
    case "ping.summary":
      state.summaries.push(event);
      break;
    case "failed":
      state.failed.push(event);
      for (const target of state.targets.values()) target.failed ||= target.destination.address === event.subject;
      break;
  }
}

function pinged(state: PingState, of: Destination): Pinged {
  const key = `${destinationName(of)} ${of.address}`;
  const known = state.targets.get(key);
  if (known !== undefined) return known;
  const { address, pod, namespace, node, protocol, port } = of;
  const created = new Pinged({
    address,
    ...defined({ pod, namespace, node, protocol, port }),
  });
  state.targets.set(key, created);
  return created;
}

/**
 * Returns the keys of all targets, worst first: by standing, then loss, then p95. Loss and p95 are compared in coarse
 * steps, and names decide within a step, so that small changes do not reorder the rows.
 */
export function worstFirst(state: PingState): string[] {
  const names = new Intl.Collator("en", { numeric: true });
  return [...state.targets].map(([key, target]) => ({
    key,
    rank: [
      standings.indexOf(target.standing),
      -Math.ceil(Math.log2(1 + target.lossPercent)),
      -Math.round(Math.log(target.roundTrips.percentile(95) ?? 0.001) * 2),
    ],
  })).sort((a, b) => {
    for (const [at, value] of a.rank.entries()) {
      const difference = value - (b.rank[at] ?? 0);
      if (difference !== 0) return difference;
    }
    return names.compare(a.key, b.key);
  }).map(({ key }) => key);
}
