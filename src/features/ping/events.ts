import type { Destination } from "../../target.ts";
import type { Timed } from "../../lib/timed.ts";

export type PingEvent =
  | PingTarget
  | PingSkipped
  | PingReply
  | PingLost
  | PingUnsent
  | PingGone
  | PingSummary;

/** A destination of a ping that is about to start. All these events come before the first reply. */
export interface PingTarget extends Timed, Destination {
  type: "ping.target";
}

/** A pod that cannot be pinged, for example because it is Pending, has finished, or has no address yet. */
export interface PingSkipped extends Timed {
  type: "ping.skipped";
  pod: string;
  namespace: string;
  node?: string;
  reason: string;
}

export interface PingReply extends Timed, Destination {
  type: "ping.reply";
  /** Sequence number, counted from 0 for each destination. */
  seq: number;
  /** Round-trip time as the tool printed it. */
  rttMs: number;
}

/** A packet that was sent, without a reply in time. */
export interface PingLost extends Timed, Destination {
  type: "ping.lost";
  seq: number;
  /** Error that a router or the network reported, for example `ICMP Host Unreachable from 10.0.0.1`. */
  reason?: string;
}

/** A packet that could not be sent, for example because there is no route. It does not count as lost. */
export interface PingUnsent extends Timed, Destination {
  type: "ping.unsent";
  seq?: number;
  reason: string;
}

/** The destination was deleted or has finished. Its packets are not reported from then on. */
export interface PingGone extends Timed, Destination {
  type: "ping.gone";
  reason: string;
}

/** Totals of a destination, at the end. Round-trip times are missing when nothing was received. */
export interface PingSummary extends Timed, Destination {
  type: "ping.summary";
  sent: number;
  received: number;
  lost: number;
  unsent: number;
  /** `lost` ÷ `sent`, from 0 to 100, two decimals. */
  lossPercent: number;
  minMs?: number;
  avgMs?: number;
  p95Ms?: number;
  maxMs?: number;
  /** Reason why the destination is gone, when it was deleted or finished before the end. */
  gone?: string;
  /** Set when pinging ended early: the name has no address, or the pinging program failed. */
  failed?: "unresolved" | "program";
}
