import type { Event } from "../event.ts";
import { now } from "../lib/timed.ts";

/** Counts events, and returns summaries at the end. */
export interface Tally {
  add(event: Event): void;
  summaries(time: string): Event[];
}

/** Yields the events, and then their summaries, also if the events end with an error. */
export async function* withSummary(events: AsyncIterable<Event>, tally: Tally): AsyncIterable<Event> {
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
