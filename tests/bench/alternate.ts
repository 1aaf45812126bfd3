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
  return await inTurns({ scope, other }, runs);
}

/** The same for any number of contenders. */
export async function inTurns<Name extends string>(
  contenders: Readonly<Record<Name, Contender>>,
  runs: number,
): Promise<Record<Name, number>> {
  const all = Object.entries(contenders) as [Name, Contender][];
  const times = new Map(all.map(([name]) => [name, [] as number[]]));
  for (let round = 0; round <= runs; round++) {
    for (const [name, contender] of all) {
      const tookMs = await contender.once();
      await contender.reset?.();
      if (round > 0) times.get(name)!.push(tookMs);
    }
  }
  return Object.fromEntries(all.map(([name]) => [name, median(times.get(name)!)])) as Record<Name, number>;
}
