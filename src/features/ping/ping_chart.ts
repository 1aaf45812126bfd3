import { address, age, milliseconds, percent } from "../../text/format.ts";
import { lineChart } from "../../text/line_chart.ts";
import type { Pinged } from "./ping_state.ts";
import { safe } from "../../text/safe.ts";
import { width } from "../../text/fit_text.ts";
import { marks, pace } from "./sparkline.ts";
import type { Look, Span } from "../../text/style.ts";

/** Smallest useful height of a chart, in rows: four of plot, the axis and its legend. */
export const leastChartRows = 6;

/** Returns the line chart of one target, exactly `rows` lines (at least `leastChartRows`). */
export function pingChart(target: Pinged, columns: number, rows: number): Span[][] {
  const plotRows = rows - 2;
  const room = Math.max(1, columns - 12);
  const outcomes = target.last(room);
  const median = target.roundTrips.percentile(50);
  const chart = lineChart(
    outcomes.map((outcome) => outcome !== undefined && "rttMs" in outcome ? outcome.rttMs : undefined),
    plotRows,
    milliseconds,
  );
  const label = Math.max(5, ...chart.map((row) => row.label.length));
  const lines = chart.map((row, at): Span[] => [
    { text: ` ${row.label.padStart(label)}${at === 0 ? " ms" : "   "} ┤`, look: "dim" },
    ...[...row.plot].map((character, x): Span => {
      const outcome = outcomes[x];
      const look: Look = outcome !== undefined && "rttMs" in outcome ? pace(outcome.rttMs, median) : "dim";
      return { text: character, look };
    }),
  ]);
  if (target.roundTrips.count === 0) lines[Math.floor(lines.length / 2)]?.push(...emptyPlotText(target, room));
  return [...lines, axis(target, label, room, outcomes), legend(label, room, outcomes)];
}

/** Returns the text in the middle of a plot without replies. */
function emptyPlotText(target: Pinged, room: number): Span[] {
  const words = {
    lost: "nothing has come back yet",
    unsent: "could not be sent",
    waiting: "waiting for the first reply",
    failed: "cannot be pinged",
  };
  const { latest } = target;
  const text =
    words[target.failed ? "failed" : latest !== undefined && "missing" in latest ? latest.missing : "waiting"];
  // The text follows the blank columns of the plot.
  const shown = target.last(room).length;
  const before = Math.max(1, Math.floor((room - text.length) / 2) - shown);
  return [{ text: " ".repeat(before) + text, look: "dim" }];
}

/** Returns the heading of a chart: pod or address, node, and the reason if the target is gone. */
export function chartHeading({ destination, gone }: Pinged): Span[] {
  const { pod, node } = destination;
  const where = pod === undefined ? "" : `  ${address(destination)}${node === undefined ? "" : ` on ${node}`}`;
  return [
    { text: ` ${pod === undefined ? address(destination) : safe(pod)}`, look: "bold" },
    { text: safe(where), look: "dim" },
    ...(gone === undefined ? [] : [{ text: `   gone (${safe(gone)})`, look: "slow" as const }]),
  ];
}

/** Returns the figures of a target, over the whole run. */
export function chartFigures({ latest, roundTrips, lost, unsent, lossPercent }: Pinged): Span[] {
  return [
    ...figure(" last", latest !== undefined && "rttMs" in latest ? latest.rttMs : undefined),
    ...figure("   avg", roundTrips.averageMs),
    ...figure("   p95", roundTrips.percentile(95)),
    { text: "   loss ", look: "dim" },
    { text: percent(lossPercent), look: lost > 0 ? "bad" : "good" },
    { text: ` ${lost}/${roundTrips.count + lost}`, look: "dim" },
    ...(unsent > 0 ? [{ text: `   ${unsent} not sent`, look: "slow" as const }] : []),
    ...figure("   max", roundTrips.maxMs),
  ];
}

function figure(name: string, ms: number | undefined): Span[] {
  return [
    { text: `${name} `, look: "dim" },
    { text: ms === undefined ? "-" : milliseconds(ms) },
    { text: ms === undefined ? "" : " ms", look: "dim" },
  ];
}

function axis(target: Pinged, label: number, room: number, outcomes: ReturnType<Pinged["last"]>): Span[] {
  const dashes = "─".repeat(room - outcomes.length);
  return [
    { text: `${" ".repeat(label + 5)}└`, look: "dim" },
    ...outcomes.map((outcome): Span => {
      if (outcome !== undefined && "missing" in outcome) {
        return { text: marks[outcome.missing], look: outcome.missing === "lost" ? "bad" : "slow" };
      }
      return { text: outcome === undefined && target.gone === undefined ? marks.underWay : "─", look: "dim" };
    }),
    { text: dashes, look: "dim" },
  ];
}

/** Returns the line below the axis: the age of the left end, and the meaning of the marks on the axis, if any. */
function legend(label: number, room: number, outcomes: ReturnType<Pinged["last"]>): Span[] {
  const known = outcomes.filter((outcome) => outcome !== undefined);
  const [first, last] = [known[0], known.at(-1)];
  const from = first === undefined || last === undefined ? "no reply so far" : `${age(last.at - first.at)} ago`;
  const meaning: Span[] = [];
  for (const missing of ["lost", "unsent"] as const) {
    if (!known.some((outcome) => "missing" in outcome && outcome.missing === missing)) continue;
    meaning.push({ text: `   ${marks[missing]}`, look: missing === "lost" ? "bad" : "slow" });
    meaning.push({ text: missing === "lost" ? " lost" : " not sent", look: "dim" });
  }
  const shownTo = Math.min(room, Math.max(outcomes.length, width(from) + 5));
  const now = first === undefined ? "" : "now".padStart(Math.max(0, shownTo - width(from)));
  return [{ text: `${" ".repeat(label + 6)}${from}${now}`, look: "dim" }, ...meaning];
}
