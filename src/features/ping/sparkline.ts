import type { Outcome } from "./ping_state.ts";
import type { Look, Span } from "../../text/style.ts";

const blocks = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/** Marks of packets without a reply, distinct in shape as well as in colour. */
export const marks = { lost: "×", unsent: "○", underWay: "·" } as const;

/** Returns the look of a round-trip time, compared with the median of its target. */
export function pace(rttMs: number, medianMs: number | undefined): Look {
  return medianMs !== undefined && rttMs > 2 * medianMs ? "slow" : "good";
}

/**
 * Returns one character for each packet. Heights are relative to the greatest time shown, or to three times the median
 * if that is more, so that noise stays low and outliers stand out.
 */
export function sparkline(outcomes: readonly (Outcome | undefined)[], medianMs: number | undefined): Span[] {
  const times = outcomes.map((outcome) => outcome !== undefined && "rttMs" in outcome ? outcome.rttMs : 0);
  const top = Math.max(...times, 3 * (medianMs ?? 0), Number.MIN_VALUE);
  return outcomes.map((outcome): Span => {
    if (outcome === undefined) return { text: marks.underWay, look: "dim" };
    if ("missing" in outcome) {
      return { text: marks[outcome.missing], look: outcome.missing === "lost" ? "bad" : "slow" };
    }
    const level = Math.ceil(Math.max(0, outcome.rttMs) / top * blocks.length);
    return { text: blocks[Math.max(0, level - 1)] ?? blocks[7], look: pace(outcome.rttMs, medianMs) };
  });
}
