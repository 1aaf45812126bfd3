import type { Event } from "../event.ts";
import { safe } from "../safe.ts";

export type RedirNews = Extract<Event, { type: `redir.${string}` }>;

/** A line for what happens to a redirect; nothing for what only a table shows. */
export function redirLines(event: RedirNews, _color: boolean): string[] {
  switch (event.type) {
    case "redir.connection":
      return [
        safe(`${event.from} ${event.to} ${event.servedBy} ${event.sentBytes} ${event.receivedBytes} ${event.ended}`),
      ];
    case "redir.opened":
    case "redir.traffic":
    case "redir.summary":
      return [];
    default:
      return [safe(JSON.stringify(event))];
  }
}
