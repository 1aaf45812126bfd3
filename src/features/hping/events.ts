import type { Destination } from "../../target.ts";
import type { Timed } from "../../lib/timed.ts";

export type HpingEvent =
  | HpingReply
  | HpingLine
  | HpingSummary;

/** A reply that hping3 received, or an ICMP error. */
export interface HpingReply extends Timed, Destination {
  type: "hping.reply";
  /** Address of the sender: the destination, or a router. */
  from: string;
  /** The line as hping3 printed it. */
  text: string;
  seq?: number;
  rttMs?: number;
  lengthBytes?: number;
  ttl?: number;
  sourcePort?: number;
  /** TCP flags in hping3's letters, for example `SA`. */
  flags?: string;
  window?: number;
  /** An ICMP error, for example `Port Unreachable`. */
  icmp?: string;
}

/** A line of hping3 that is neither a reply nor a statistic. */
export interface HpingLine extends Timed, Destination {
  type: "hping.line";
  text: string;
}

/** hping3's own statistics for one destination, at the end. Times are missing when nothing was received. */
export interface HpingSummary extends Timed, Destination {
  type: "hping.summary";
  sent: number;
  received: number;
  minMs?: number;
  avgMs?: number;
  maxMs?: number;
}
