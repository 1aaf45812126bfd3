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

/** One destination of a ping that is about to start; all of these come before the first reply. */
export interface PingTarget extends Timed, Destination {
  type: "ping.target";
}

/** A pod that cannot be pinged, and why: it is Pending, has finished, or has no address yet. */
export interface PingSkipped extends Timed {
  type: "ping.skipped";
  pod: string;
  namespace: string;
  node?: string;
  reason: string;
}

export interface PingReply extends Timed, Destination {
  type: "ping.reply";
  /** Counts from 0, for each destination. */
  seq: number;
  /** As the tool printed it. */
  rttMs: number;
}

/** Sent, and no reply in time. */
export interface PingLost extends Timed, Destination {
  type: "ping.lost";
  seq: number;
  /** What a router or the network said about it, for example `ICMP Host Unreachable from 10.0.0.1`. */
  reason?: string;
}

/** Could not be sent at all, for example for want of a route: not a loss of the network between. */
export interface PingUnsent extends Timed, Destination {
  type: "ping.unsent";
  seq?: number;
  reason: string;
}

/** The destination was deleted or finished meanwhile. What is lost from now on is no news. */
export interface PingGone extends Timed, Destination {
  type: "ping.gone";
  reason: string;
}

/** One for each destination, at the end. Round-trip times are missing when nothing was received. */
export interface PingSummary extends Timed, Destination {
  type: "ping.summary";
  sent: number;
  received: number;
  lost: number;
  unsent: number;
  /** lost ÷ sent, from 0 to 100, two decimals. */
  lossPercent: number;
  minMs?: number;
  avgMs?: number;
  p95Ms?: number;
  maxMs?: number;
  /** Set when the destination was deleted or finished before the end. */
  gone?: string;
  /** Set when it was not pinged to the end: its name has no address, or what pings it failed. */
  failed?: "unresolved" | "program";
}
