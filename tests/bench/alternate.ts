import { median } from "./statistics.ts";

/** One of two contenders that are compared. */
export interface Contender {
  /** Runs once and returns the duration, in milliseconds. */
  once(): Promise<number>;
  /** Restores the state that `once` starts from; not timed. */
  reset?(): Promise<void>;
}

/**
 * Returns the medians of two contenders that alternate, A B A B …, so that other load of the machine affects both. A first
 * round warms caches and does not count.
 */
export async function alternate(
  scope: Contender,
  other: Contender,
  runs: number,
): Promise<{ scope: number; other: number }> {
  return await inTurns({ scope, other }, runs);
}

/** Returns the medians of any number of alternating contenders. */
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
