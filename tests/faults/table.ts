import { type Aftermath, RECOVERY_MS } from "./fault.ts";

/** The results of all runs of a fault by one Way. */
export interface Row {
  readonly fault: string;
  readonly via: string;
  readonly aftermaths: readonly Aftermath[];
  /** Reasons of other failures: an exit code, a message, or a missed event. */
  readonly failures: readonly string[];
}

/** Returns true when all runs kept the guarantees. */
export function isGood({ aftermaths, failures }: Row): boolean {
  return failures.length === 0 &&
    aftermaths.every(({ recoveryMs = 0, leaks }) => recoveryMs <= RECOVERY_MS && leaks.length === 0);
}

/** Returns a Markdown table. */
export function markdown(rows: readonly Row[]): string {
  const cells = [
    ["fault", "way", "runs", "failed", "worst recovery (ms)", "leaks"],
    ...rows.map(({ fault, via, aftermaths, failures }) => {
      const recoveries = aftermaths.flatMap(({ recoveryMs }) => recoveryMs ?? []);
      return [
        fault,
        via,
        `${aftermaths.length + failures.length}`,
        `${failures.length}`,
        recoveries.length === 0 ? "–" : Math.max(...recoveries).toFixed(0),
        `${aftermaths.reduce((sum, { leaks }) => sum + leaks.length, 0)}`,
      ];
    }),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length), 3));
  const lines = cells.map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`);
  return [lines[0], `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...lines.slice(1)].join("\n");
}
