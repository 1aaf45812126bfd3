import { address, milliseconds, percent } from "../../text/format.ts";
import type { Pinged, Standing } from "./ping_state.ts";
import { safe } from "../../text/safe.ts";
import { pad, shortenMiddle, width } from "../../text/fit_text.ts";
import { pace, sparkline } from "./sparkline.ts";
import type { Look, Span } from "../../text/style.ts";

/** The look of each standing. The signs differ, so that standings are distinct without colour. */
export const signs: Readonly<Record<Standing, { sign: string; word: string; look: Look }>> = {
  ok: { sign: "●", word: "ok", look: "good" },
  losing: { sign: "◐", word: "losing", look: "slow" },
  lost: { sign: "×", word: "lost", look: "bad" },
  failed: { sign: "!", word: "failed", look: "bad" },
  unsent: { sign: "○", word: "not sent", look: "slow" },
  pending: { sign: "·", word: "waiting", look: "dim" },
  gone: { sign: "-", word: "gone", look: "dim" },
};

const gap = 2;
const leastSpark = 8;
const numbers = { last: 6, avg: 5, p95: 5, loss: 4 } as const;
/** Columns that are left out where the window is too narrow, in this order. */
const droppable = ["node", "avg", "address", "p95", "spark", "loss", "last"] as const;
type Part = "name" | typeof droppable[number];

/** The columns of the table with their widths. */
export type Layout = ReadonlyMap<Part, number>;

/** Returns widths that fit `columns`: names shrink first, then columns are left out; the sparkline takes the rest. */
export function layout(targets: readonly Pinged[], columns: number): Layout {
  const natural = (text: (target: Pinged) => string, title: string) =>
    targets.reduce((most, target) => Math.max(most, width(text(target))), title.length);
  const wanted = new Map<Part, number>([
    ["name", Math.min(natural(nameOf, "NAME"), 48)],
    ["node", Math.min(natural((target) => target.destination.node ?? "", "NODE"), 24)],
    ["address", natural((target) => address(target.destination), "ADDRESS")],
    ["spark", leastSpark],
    ["last", numbers.last],
    ["avg", numbers.avg],
    ["p95", numbers.p95],
    ["loss", numbers.loss],
  ]);
  // Hosts have no node, and their name is their address.
  if (targets.every(({ destination }) => destination.node === undefined)) wanted.delete("node");
  if (targets.every(({ destination }) => destination.pod === undefined)) wanted.delete("address");
  const room = columns - 4;
  const total = () => [...wanted.values()].reduce((sum, one) => sum + one + gap, -gap);
  const drops = [...droppable];
  const leastName = Math.min(wanted.get("name") ?? 0, room < 40 ? 8 : 16);
  while (total() - (wanted.get("name") ?? 0) + leastName > room && drops.length > 0) {
    wanted.delete(drops.shift() ?? "node");
  }
  const name = wanted.get("name") ?? 0;
  wanted.set("name", Math.max(1, Math.min(name, name + room - total())));
  const spark = wanted.get("spark");
  if (spark !== undefined) wanted.set("spark", spark + Math.max(0, room - total()));
  return wanted;
}

function nameOf({ destination }: Pinged): string {
  return destination.pod === undefined ? address(destination) : safe(destination.pod);
}

export function headRow(widths: Layout): Span[] {
  const cells = [...widths].map(([part, columns]) => {
    const title = part === "spark" ? "RECENT" : part.toUpperCase();
    return pad(title, columns, part in numbers ? "right" : "left");
  });
  return [{ text: `    ${cells.join(" ".repeat(gap))}`, look: "dim" }];
}

export function targetRow(target: Pinged, widths: Layout, selected: boolean): Span[] {
  const { destination, roundTrips } = target;
  const { standing } = target;
  const { sign, look } = signs[standing];
  const median = roundTrips.percentile(50);
  const time = (ms: number | undefined, columns: number): Span => ({
    text: pad(ms === undefined ? "-" : milliseconds(ms), columns, "right"),
    look: ms === undefined ? "dim" : pace(ms, median) === "slow" ? "slow" : "plain",
  });
  const cell = (part: Part, columns: number): Span[] => {
    switch (part) {
      case "name":
        return [{
          text: pad(shortenMiddle(nameOf(target), columns), columns),
          look: standing === "gone" ? "dim" : selected ? "bold" : "plain",
        }];
      case "node":
        return [{ text: pad(shortenMiddle(safe(destination.node ?? "-"), columns), columns), look: "dim" }];
      case "address":
        return [{ text: pad(address(destination), columns), look: "dim" }];
      case "spark": {
        const spans = sparkline(target.last(columns), median);
        return [...spans, { text: " ".repeat(columns - spans.length) }];
      }
      case "last":
        return [lastCell(target, columns, median)];
      case "avg":
        return [time(roundTrips.averageMs, columns)];
      case "p95":
        return [time(roundTrips.percentile(95), columns)];
      case "loss":
        return [{ text: pad(percent(target.lossPercent), columns, "right"), look: target.lost > 0 ? "bad" : "dim" }];
    }
  };
  return [
    { text: selected ? " ▸" : "  ", look: "accent" },
    { text: `${sign} `, look },
    ...[...widths].flatMap(([part, columns], at) => [
      ...(at === 0 ? [] : [{ text: " ".repeat(gap) }]),
      ...cell(part, columns),
    ]),
  ];
}

/** Returns the latest round-trip time, or a word for the reason why there is none. */
function lastCell(target: Pinged, columns: number, median: number | undefined): Span {
  const { latest } = target;
  const right = (text: string, look: Look): Span => ({ text: pad(text, columns, "right"), look });
  if (target.gone !== undefined) return right("gone", "dim");
  if (target.failed) return right("failed", "bad");
  if (latest === undefined) return right("wait", "dim");
  if ("missing" in latest) return right(latest.missing, latest.missing === "lost" ? "bad" : "slow");
  return right(milliseconds(latest.rttMs), pace(latest.rttMs, median));
}
