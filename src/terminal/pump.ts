import type { Event } from "../event.ts";

/** Where events go, and what has not gone out yet. */
export interface Sink {
  event(event: Event): void;
  /** Resolves when all has gone out. Throws when nobody takes it any more. */
  flush(): Promise<void>;
  /** So much waits to go out that no more should come. */
  readonly full: boolean;
}

/**
 * Shows events as they come. What comes while the one before goes out is written together with what follows: a line for
 * each write would be ten times the work of a tool that prints thousands of lines a second.
 */
export async function pump(events: AsyncIterable<Event> | Iterable<Event>, sink: Sink): Promise<void> {
  const iterator = iterate(events);
  let next = iterator.next(), ended = false;
  try {
    for (let result = await next; !result.done; result = await next) {
      sink.event(result.value);
      next = iterator.next();
      const out = sink.flush();
      out.catch(() => {}); // met here or by the last flush
      await (sink.full ? out : Promise.race([out, next]));
    }
    ended = true;
  } finally {
    next.catch(() => {});
    // Not awaited: it would wait for the next event, which need never come.
    if (!ended) void iterator.return?.().catch(() => {});
  }
}

async function* iterate(events: AsyncIterable<Event> | Iterable<Event>): AsyncGenerator<Event, void> {
  yield* events;
}
