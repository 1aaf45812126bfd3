import asciichart from "asciichart";

/** A row of a chart in plain characters, from the top: one string for the axis, one for the plot. */
export interface ChartRow {
  label: string;
  plot: string;
}

/** Returns the value range of the axis: a tenth of margin on both sides, and never so narrow that noise fills the chart. */
export function axisRange(values: readonly number[]): [number, number] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const air = Math.max((most - least) * 0.1, most * 0.1, 0.001);
  return [Math.max(0, least - air), most + air];
}

/**
 * Draws a line through the values with asciichart, `rows` high and one column a value. Where values are undefined, the line is
 * dotted at the last known value, and missing before the first and after the last known one. Without any value the plot is
 * empty.
 */
export function lineChart(values: readonly (number | undefined)[], rows: number, format: (value: number) => string) {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0 || rows < 2) {
    return Array.from({ length: rows }, (): ChartRow => ({ label: "", plot: " ".repeat(values.length) }));
  }
  const [low, high] = axisRange(known);
  const height = rows - 1;
  let lastKnown = known[0] ?? low;
  const scaled = values.map((value) => (lastKnown = value ?? lastKnown, (lastKnown - low) / (high - low) * height));
  const words = Array.from({ length: rows }, (_, at) => format(low + (high - low) * at / height));
  // On a nearly flat line several rows round to one number: only the lowest row is labelled.
  const labels = words.map((word, at) => word === words[at - 1] ? "" : word);
  const labelWidth = Math.max(...labels.map((label) => label.length));
  // Values are scaled to whole rows here, because asciichart's own rounding may add or drop a row. The last value is given
  // twice because asciichart draws the steps between values, one less than there are values.
  const plotted: string = asciichart.plot([...scaled, scaled.at(-1) ?? 0], {
    height,
    min: 0,
    max: height,
    offset: 2,
    format: (value: number) => (labels[Math.round(value)] ?? "").padStart(labelWidth),
  });
  const [first, last] = [values.findIndex(isKnown), values.findLastIndex(isKnown)];
  return plotted.split("\n").map((row): ChartRow => {
    const columns = [...row.slice(labelWidth + 1)];
    return {
      label: row.slice(0, labelWidth),
      plot: values.map((value, at) => {
        const drawn = columns[at] ?? " ";
        if (at < first || at > last) return " ";
        return value === undefined && drawn === "─" ? "┈" : drawn;
      }).join(""),
    };
  });
}

function isKnown(value: number | undefined): boolean {
  return value !== undefined;
}
