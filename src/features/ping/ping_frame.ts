import { clock } from "../../text/format.ts";
import { chartFigures, chartHeading, leastChartRows, pingChart } from "./ping_chart.ts";
import { headRow, layout, signs, targetRow } from "./ping_rows.ts";
import { type Pinged, type PingState, standings, worstFirst } from "./ping_state.ts";
import { scrolledRows } from "../../text/scrolled_rows.ts";
import { safe } from "../../text/safe.ts";
import { width } from "../../text/fit_text.ts";
import { line, type Span } from "../../text/style.ts";

/** The window, and the state of the user interface. */
export interface View {
  columns: number;
  rows: number;
  color: boolean;
  /** Key of the target that the user selected for the chart. */
  selected?: string;
  /** Keys of all targets in the order of the rows; by default worst first. */
  order?: readonly string[];
  /** Time since the start, in milliseconds. */
  elapsedMs: number;
}

/** Returns the whole frame: at most `rows` lines, none wider than `columns`. */
export function pingFrame(state: PingState, view: View): string[] {
  const { columns, rows, color } = view;
  if (rows < 1 || columns < 1) return [];
  const body = Math.max(0, rows - 2);
  const content = state.targets.size === 1 ? single(state, columns, body) : many(state, view, body);
  const lines = [head(state, view), ...content.slice(0, body)];
  while (lines.length < rows - 1) lines.push([]);
  if (rows > 1) lines.push(foot(state));
  return lines.map((spans) => line(spans, columns, color));
}

function single(state: PingState, columns: number, rows: number): Span[][] {
  const [target] = state.targets.values();
  if (target === undefined) return [];
  const heading = [[], chartHeading(target), chartFigures(target), []];
  if (rows < leastChartRows + heading.length) return compact(target, columns, rows);
  return [...heading, ...pingChart(target, columns, rows - heading.length)];
}

/**
 * Returns the row whose target the chart shows: the selected one or, until the user selects one, the first that has a
 * reply to draw (the table is not scrolled to it).
 */
export function chartedRow(state: PingState, order: readonly string[], selected: string | undefined): number {
  const chosen = order.indexOf(selected ?? "");
  if (chosen >= 0) return chosen;
  return Math.max(0, order.findIndex((key) => (state.targets.get(key)?.roundTrips.count ?? 0) > 0));
}

/** Returns the table of a single target, for windows too low for a chart. */
function compact(target: Pinged, columns: number, rows: number): Span[][] {
  const widths = layout([target], columns);
  return rows >= 2 ? [headRow(widths), targetRow(target, widths, false)] : [targetRow(target, widths, false)];
}

function many(state: PingState, view: View, rows: number): Span[][] {
  const order = (view.order ?? worstFirst(state)).filter((key) => state.targets.has(key));
  const targets = order.map((key) => state.targets.get(key)).filter((target) => target !== undefined);
  const chosen = order.indexOf(view.selected ?? "");
  const charted = chartedRow(state, order, view.selected);
  const widths = layout(targets, view.columns);
  const chartRows = roomForChart(rows, targets.length);
  // In a low window every row is needed for targets.
  const blankRows = rows >= 8 ? 1 : 0;
  const tableRows = Math.max(0, rows - blankRows - 1 - (chartRows > 0 ? chartRows + 2 : 0));
  const lines = [
    ...Array.from({ length: blankRows }, (): Span[] => []),
    headRow(widths),
    ...scrolledRows(
      { count: targets.length, inSight: Math.max(0, chosen), rows: tableRows },
      (at) => targetRow(targets[at]!, widths, targets.length > 1 && at === charted),
    ),
  ];
  const drawn = targets[charted];
  if (chartRows > 0 && drawn !== undefined) {
    lines.push([], chartHeading(drawn), ...pingChart(drawn, view.columns, chartRows));
  }
  return lines;
}

/** Returns the rows of the chart: those that the targets leave, else a third of a high window, else 0. */
function roomForChart(rows: number, targets: number): number {
  const left = rows - 4 - targets;
  if (left >= leastChartRows) return left;
  return rows >= 32 ? Math.floor(rows / 3) : 0;
}

/** Returns the first line: targets, their standings and the elapsed time; signs without words where these do not fit. */
function head(state: PingState, { columns, elapsedMs }: View): Span[] {
  const time = clock(elapsedMs);
  const fitting = [true, false].map((words) => counts(state, words))
    .find((spans) => textWidth(spans) + time.length + 2 <= columns);
  if (fitting === undefined) return counts(state, false);
  return [...fitting, { text: " ".repeat(columns - textWidth(fitting) - time.length - 1) + time, look: "dim" }];
}

function counts(state: PingState, words: boolean): Span[] {
  const numbers = new Map<string, number>();
  for (const { standing } of state.targets.values()) numbers.set(standing, (numbers.get(standing) ?? 0) + 1);
  const count = state.targets.size;
  const spans: Span[] = [
    { text: " ping  ", look: "accent" },
    { text: `${count}${words ? (count === 1 ? " target" : " targets") : ""}`, look: "bold" },
  ];
  for (const standing of ["ok", ...standings.filter((one) => one !== "ok")] as const) {
    const number = numbers.get(standing) ?? 0;
    const { sign, word, look } = signs[standing];
    if (number > 0) spans.push({ text: "  " }, { text: `${sign} ${number}${words ? ` ${word}` : ""}`, look });
  }
  if (words && state.skipped.length > 0) spans.push({ text: `  ${state.skipped.length} skipped`, look: "dim" });
  return spans;
}

function textWidth(spans: readonly Span[]): number {
  return spans.reduce((sum, { text }) => sum + width(text), 0);
}

function foot(state: PingState): Span[] {
  const failed = state.failed.at(-1);
  if (failed !== undefined) {
    return [{ text: ` ${safe(`${failed.subject}: ${failed.reason}`)}`, look: "bad" }];
  }
  const keys: [string, string][] = state.targets.size > 1 ? [["↑↓", "select"], ["q", "quit"]] : [["q", "quit"]];
  return keys.flatMap((
    [key, does],
  ) => [{ text: ` ${key}`, look: "bold" as const }, { text: ` ${does}  `, look: "dim" as const }]);
}
