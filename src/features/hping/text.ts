import type { EventText, TextLook } from "../../renderer.ts";
import type { HpingEvent } from "./events.ts";
import type { HpingLine, HpingReply, HpingSummary } from "../../event.ts";
import { destinationName } from "../../target.ts";
import { safe } from "../../text/safe.ts";
import { destination, milliseconds, percent } from "../../text/format.ts";
import { paint } from "../../text/style.ts";
import { type Cell, type Column, right, table } from "../../text/table.ts";

/** Returns hping3's own line, after the destination. */
export function hpingLine(event: HpingReply | HpingLine, color: boolean): string {
  const text = `${destination(event)}: ${safe(event.text)}`;
  return paint(text, event.type === "hping.reply" && event.icmp !== undefined ? "slow" : "plain", color);
}

const heads: Column[] = [
  { title: "NAME" },
  { title: "NODE", drop: 3 },
  { title: "ADDRESS", drop: 4 },
  right("SENT"),
  right("RECEIVED"),
  right("LOSS"),
  right("MIN/ms", 1),
  right("AVG/ms"),
  right("MAX/ms", 2),
];

/** Returns the table at the end of an hping; no lines if hping3 printed no statistics. */
export function hpingSummary(summaries: readonly HpingSummary[], columns: number, color: boolean): string[] {
  if (summaries.length === 0) return [];
  const rows = summaries.map((one): Cell[] => {
    const { sent, received } = one, lost = Math.max(0, sent - received);
    const time = (ms: number | undefined): Cell => ({ text: ms === undefined ? "-" : milliseconds(ms) });
    return [
      { text: safe(destinationName(one)) },
      { text: safe(one.node ?? "-") },
      { text: safe(one.address) },
      { text: String(sent) },
      { text: String(received) },
      { text: sent === 0 ? "-" : percent(lost / sent * 100), look: lost > 0 ? "bad" : "plain" },
      time(one.minMs),
      time(one.avgMs),
      time(one.maxMs),
    ];
  });
  return table(heads, rows, columns, color);
}

export function hpingText({ color, columns }: TextLook): EventText<HpingEvent> {
  const summaries: HpingSummary[] = [];
  return {
    lines(event) {
      if (event.type !== "hping.summary") return [hpingLine(event, color)];
      summaries.push(event);
      return [];
    },
    tables: () => [hpingSummary(summaries, columns(), color)],
  };
}
