import type { Event } from "../event.ts";

/** Destination of events, with its output in flight. */
export interface Sink {
  event(event: Event): void;
  /** Resolves when all output is written. Throws when the reader has gone. */
  flush(): Promise<void>;
  /** True when so much output is in flight that no more should be added. */
  readonly full: boolean;
}

/**
 * Shows events as they arrive. Events that arrive during a write are written together afterwards: a write for each line would
 * be ten times the work for a tool that prints thousands of lines a second.
 */
export async function pump(events: AsyncIterable<Event> | Iterable<Event>, sink: Sink): Promise<void> {
  const iterator = iterate(events);
  let next = iterator.next(), ended = false;
  try {
    for (let result = await next; !result.done; result = await next) {
      sink.event(result.value);
      next = iterator.next();
      const out = sink.flush();
      out.catch(() => {}); // handled here or by the last flush
      await (sink.full ? out : Promise.race([out, next]));
    }
    ended = true;
  } finally {
    next.catch(() => {});
    // Not awaited: it would wait for the next event, which may never come.
    if (!ended) void iterator.return?.().catch(() => {});
  }
}

async function* iterate(events: AsyncIterable<Event> | Iterable<Event>): AsyncGenerator<Event, void> {
  yield* events;
}
