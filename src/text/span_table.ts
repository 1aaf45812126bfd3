import { pad, shorten, shortenMiddle, width } from "./fit_text.ts";
import type { Span } from "./style.ts";

export interface SpanColumn {
  title: string;
  align?: "left" | "right";
  /** Minimum width, so that columns do not move while figures grow. */
  least?: number;
  /** Minimum width to which the column may be shortened, and where: at the end or in the middle. */
  shrinks?: { to: number; at: "end" | "middle" };
  /** May be dropped if the window is too narrow: lowest first. */
  drop?: number;
}

const gap = 2;

/**
 * Lays out a table for a live view, its head first. If it is wider than `columns`, it drops columns that may be dropped and
 * then shrinks columns that may shrink, from the left. `line()` cuts the rest.
 */
export function spanTable(heads: readonly SpanColumn[], rows: readonly (readonly Span[])[], columns: number): Span[][] {
  const natural = heads.map(({ title, least = 0 }, at) =>
    Math.max(least, title.length, ...rows.map((row) => width(row[at]?.text ?? "")))
  );
  const tight = heads.map(({ shrinks }, at) => Math.min(natural[at] ?? 0, shrinks?.to ?? Infinity));
  let shown = heads.map((_, at) => at);
  const total = (widths: readonly number[]) => shown.reduce((sum, at) => sum + (widths[at] ?? 0) + gap, -gap);
  const droppable = shown.filter((at) => heads[at]?.drop !== undefined)
    .sort((a, b) => (heads[b]?.drop ?? 0) - (heads[a]?.drop ?? 0));
  while (total(tight) > columns && droppable.length > 0) {
    const dropped = droppable.pop();
    shown = shown.filter((at) => at !== dropped);
  }
  const widths = [...natural];
  for (const at of shown) {
    const excess = Math.max(0, total(widths) - columns);
    widths[at] = Math.max(tight[at] ?? 0, (natural[at] ?? 0) - excess);
  }
  const laid = (row: readonly Span[]): Span[] =>
    shown.flatMap((at, index): Span[] => {
      const { text, look = "plain" } = row[at] ?? { text: "" };
      const { align = "left", shrinks } = heads[at] ?? {};
      const room = widths[at] ?? 0;
      const fitting = shrinks?.at === "middle" ? shortenMiddle(text, room) : shorten(text, room);
      const cell: Span = { text: pad(fitting, room, align), look };
      return index === 0 ? [cell] : [{ text: " ".repeat(gap) }, cell];
    });
  return [laid(heads.map(({ title }): Span => ({ text: title, look: "dim" }))), ...rows.map(laid)];
}
