import { defined } from "../lib/defined.ts";
import { pad, shorten, width } from "./fit_text.ts";
import { type Look, paint } from "./style.ts";

export interface Column {
  title: string;
  align?: "left" | "right";
  /** May be dropped if the window is too narrow: lowest first. */
  drop?: number;
}

/** Returns a right-aligned column, as for numbers. */
export function right(title: string, drop?: number): Column {
  return { title, align: "right", ...defined({ drop }) };
}

export interface Cell {
  text: string;
  look?: Look;
}

/**
 * Lays out a table with a head. If it is wider than `columns`, it drops columns that may be dropped, then shortens the last
 * column. In a pipe `columns` is Infinity: nothing is cut, and no line ends in spaces.
 */
export function table(heads: readonly Column[], rows: readonly Cell[][], columns: number, color: boolean): string[] {
  const all = [heads.map(({ title }): Cell => ({ text: title, look: "dim" })), ...rows];
  const widths = heads.map((_, at) => Math.max(...all.map((row) => width(row[at]?.text ?? ""))));
  const shown = fittingColumns(heads, widths, columns);
  const before = shown.slice(0, -1).reduce((sum, at) => sum + (widths[at] ?? 0) + gap, 0);
  return all.map((row) =>
    shown.map((at) => {
      const { text, look = "plain" } = row[at] ?? { text: "" };
      const { align = "left" } = heads[at] ?? {};
      if (at !== shown.at(-1) || align === "right") return paint(pad(text, widths[at] ?? 0, align), look, color);
      return paint(shorten(text, Math.max(10, columns - before)), look, color);
    }).join(" ".repeat(gap))
  );
}

const gap = 2;

function fittingColumns(heads: readonly Column[], widths: readonly number[], columns: number): number[] {
  let shown = heads.map((_, at) => at);
  const droppable = shown.filter((at) => heads[at]?.drop !== undefined)
    .sort((a, b) => (heads[a]?.drop ?? 0) - (heads[b]?.drop ?? 0));
  const total = () => shown.reduce((sum, at) => sum + (widths[at] ?? 0) + gap, -gap);
  while (total() > columns && droppable.length > 0) {
    const dropped = droppable.shift();
    shown = shown.filter((at) => at !== dropped);
  }
  return shown;
}
