import { median } from "./statistics.ts";

/** One of the two that are compared. */
export interface Contender {
  /** Does it once and returns how long that took, in milliseconds. */
  once(): Promise<number>;
  /** Brings back the state that `once` starts from; not timed. */
  reset?(): Promise<void>;
}

/**
 * Medians of two contenders that take turns, A B A B …, so that whatever else the machine does meets both. A first round
 * warms caches and does not count.
 */
export async function alternate(
  scope: Contender,
  other: Contender,
  runs: number,
): Promise<{ scope: number; other: number }> {
  const times = { scope: [] as number[], other: [] as number[] };
  for (let round = 0; round <= runs; round++) {
    for (const [name, contender] of Object.entries({ scope, other }) as [keyof typeof times, Contender][]) {
      const tookMs = await contender.once();
      await contender.reset?.();
      if (round > 0) times[name].push(tookMs);
    }
  }
  return { scope: median(times.scope), other: median(times.other) };
}
