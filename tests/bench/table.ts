/** One line of the table, formatted; fields that do not apply are undefined. */
export interface Row {
  what: string;
  scope: string;
  other?: string;
  ratio?: string;
  aim?: string;
  met?: boolean;
}

/** Returns a row that compares two medians. `aim` is the largest ratio that scope may reach. */
export function compare(
  what: string,
  { scope, other, format, aim }: { scope: number; other: number; format: (value: number) => string; aim?: number },
): Row {
  const ratio = scope / other;
  return {
    what,
    scope: format(scope),
    other: format(other),
    ratio: `${ratio.toFixed(2)}×`,
    // The printed, rounded ratio is judged.
    ...(aim === undefined
      ? {}
      : { aim: `≤ ${aim.toFixed(2).replace(/0$/, "")}×`, met: Number(ratio.toFixed(2)) <= aim }),
  };
}

/** Returns a Markdown table. */
export function markdown(rows: readonly Row[]): string {
  const cells = [
    ["what", "scope", "other", "ratio", "aim", "met"],
    ...rows.map(({ what, scope, other, ratio, aim, met }) => [
      what,
      scope,
      other ?? "",
      ratio ?? "",
      aim ?? "",
      met === undefined ? "" : met ? "yes" : "**no**",
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length), 3));
  const [head, ...body] = cells.map((line) => `| ${line.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`);
  return [head, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body].join("\n");
}

export const milliseconds = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
export const percentOfCore = (value: number): string => `${value.toFixed(1)} % of a core`;
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
