import type { Span } from "./style.ts";

/** Returns the rows around the row `inSight`; the last line says how many do not fit. */
export function scrolledRows(
  { count, inSight, rows }: { count: number; inSight: number; rows: number },
  row: (at: number) => Span[],
): Span[][] {
  const fits = count <= rows;
  const shown = fits ? count : Math.max(0, rows - 1);
  const from = Math.max(0, Math.min(inSight - Math.floor(shown / 2), count - shown));
  const lines = Array.from({ length: shown }, (_, at) => row(from + at));
  if (fits) return lines;
  const [above, below] = [from, count - from - shown];
  const words = [above > 0 ? `${above} above` : "", below > 0 ? `${below} more` : ""].filter((text) => text !== "");
  return [...lines, [{ text: `    … ${words.join(", ")}`, look: "dim" }]];
}
