import type { Event } from "../../../../src/event.ts";

/** Returns a generator of numbers from 0 to 1, the same in every run (linear congruential). */
export function numbers(seed = 1): () => number {
  let state = seed;
  return () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
}

const start = Date.parse("2026-01-01T00:00:00Z");

/**
 * Returns the events of a ping of `count` pods over `rounds` seconds: the second loses every fourth packet, the third all;
 * packets to the fourth are unsent, the fifth is gone half-way, the sixth has not answered yet; the others answer.
 */
export function scene(count: number, rounds: number): Event[] {
  const next = numbers();
  const events: Event[] = [];
  const pods = Array.from({ length: count }, (_, at) => ({
    address: at % 7 === 6 ? `fd00:10:244::${at.toString(16)}` : `10.244.${at % 2}.${at + 2}`,
    namespace: "demo",
    pod: `${["web", "cart", "payments", "dns"][at % 4]}-7d9f8c6b5${at % 3}-x${String(at).padStart(4, "k")}`,
    node: `node${at % 2 + 1}`,
  }));
  const time = (seconds: number) => new Date(start + seconds * 1000).toISOString();
  for (const pod of pods) events.push({ type: "ping.target", time: time(0), ...pod });
  for (let seq = 0; seq < rounds; seq++) {
    for (const [at, pod] of pods.entries()) {
      const common = { time: time(seq), ...pod, seq };
      const half = seq >= rounds / 2;
      if (at === 5 || (at === 4 && half)) continue;
      if (at === 3) events.push({ type: "ping.unsent", ...common, reason: "no route" });
      else if (at === 2 || (at === 1 && seq % 4 === 1)) events.push({ type: "ping.lost", ...common });
      else {events.push({
          type: "ping.reply",
          ...common,
          rttMs: Math.round((0.05 + next() ** 6 + at / 100) * 1000) / 1000,
        });}
    }
  }
  if (count > 4) events.push({ type: "ping.gone", time: time(rounds), ...pods[4]!, reason: "deleted" });
  return events;
}
