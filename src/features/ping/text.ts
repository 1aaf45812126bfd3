import type { EventText, TextLook } from "../../renderer.ts";
import type { PingEvent } from "./events.ts";
import {
  type Event,
  type PingGone,
  type PingLost,
  type PingReply,
  type PingSkipped,
  type PingSummary,
  type PingUnsent,
} from "../../event.ts";
import { destinationName } from "../../target.ts";
import { address, destination, milliseconds, percent } from "../../text/format.ts";
import { safe } from "../../text/safe.ts";
import { type Look, paint } from "../../text/style.ts";
import { type Cell, type Column, right, table } from "../../text/table.ts";

export type PingNotice = PingReply | PingLost | PingUnsent | PingGone | PingSkipped;

export function isPingNotice(event: Event): event is PingNotice {
  return ["ping.reply", "ping.lost", "ping.unsent", "ping.gone", "ping.skipped"].includes(event.type);
}

/** Returns the line for an event. */
export function pingLine(event: PingNotice, color: boolean): string {
  const because = "reason" in event && event.reason !== undefined ? safe(event.reason) : "";
  switch (event.type) {
    case "ping.reply":
      return `${destination(event)}: seq=${event.seq} rtt=${milliseconds(event.rttMs)} ms`;
    case "ping.lost":
      return paint(`${destination(event)}: seq=${event.seq} lost${because && ` (${because})`}`, "bad", color);
    case "ping.unsent": {
      const seq = event.seq === undefined ? "" : `seq=${event.seq} `;
      return paint(`${destination(event)}: ${seq}not sent (${because})`, "slow", color);
    }
    case "ping.gone":
      return paint(`${destination(event)}: gone (${because})`, "dim", color);
    case "ping.skipped":
      return paint(`${safe(`${event.namespace}/${event.pod}`)}: skipped (${because})`, "dim", color);
  }
}

const heads: Column[] = [
  { title: "NAME" },
  { title: "NODE", drop: 4 },
  { title: "ADDRESS", drop: 5 },
  right("SENT"),
  right("RECEIVED", 3),
  right("LOST"),
  right("UNSENT"),
  right("LOSS"),
  right("MIN/ms", 1),
  right("AVG/ms"),
  right("P95/ms"),
  right("MAX/ms", 2),
  { title: "STATUS" },
];

/** Returns the table at the end of a ping; no lines if nothing was pinged. */
export function pingSummary(summaries: readonly PingSummary[], columns: number, color: boolean): string[] {
  if (summaries.length === 0) return [];
  const rows = summaries.map((one): Cell[] => {
    const [status, look] = standing(one);
    const time = (ms: number | undefined): Cell => ms === undefined ? { text: "-" } : { text: milliseconds(ms) };
    const count = (value: number, notable: Look): Cell => ({
      text: String(value),
      look: value > 0 ? notable : "plain",
    });
    return [
      { text: safe(destinationName(one)) },
      { text: safe(one.node ?? "-") },
      { text: address(one) },
      { text: String(one.sent) },
      { text: String(one.received) },
      count(one.lost, "bad"),
      count(one.unsent, "slow"),
      { text: one.sent === 0 ? "-" : percent(one.lossPercent), look: one.lost > 0 ? "bad" : "plain" },
      time(one.minMs),
      time(one.avgMs),
      time(one.p95Ms),
      time(one.maxMs),
      { text: status, look },
    ];
  });
  return table(heads, rows, columns, color);
}

function standing(one: PingSummary): [string, Look] {
  if (one.failed === "unresolved") return ["no address", "bad"];
  if (one.failed === "program") return ["failed", "bad"];
  if (one.gone !== undefined) return [`gone (${safe(one.gone)})`, "dim"];
  if (one.received > 0) return one.lost + one.unsent > 0 ? ["losing", "slow"] : ["ok", "good"];
  if (one.lost > 0) return ["lost", "bad"];
  return one.unsent > 0 ? ["not sent", "slow"] : ["waiting", "dim"];
}

export function pingText({ color, columns }: TextLook): EventText<PingEvent> {
  const summaries: PingSummary[] = [];
  return {
    lines(event) {
      if (event.type === "ping.summary") summaries.push(event);
      return isPingNotice(event) ? [pingLine(event, color)] : [];
    },
    tables: () => [pingSummary(summaries, columns(), color)],
  };
}
