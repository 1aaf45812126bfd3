import type { Event } from "../event.ts";
import { now } from "../lib/timed.ts";

/** Counts events, and says at the end what came together. */
export interface Tally {
  add(event: Event): void;
  summaries(time: string): Event[];
}

/** The same events, and at the end what they come to, however they end. */
export async function* summedUp(events: AsyncIterable<Event>, tally: Tally): AsyncIterable<Event> {
  let failure: { error: unknown } | undefined;
  try {
    for await (const event of events) {
      tally.add(event);
      yield event;
    }
  } catch (error) {
    failure = { error };
  }
  yield* tally.summaries(now());
  if (failure !== undefined) throw failure.error;
}
