import type { RedirConnection, RedirOpened, RedirStarted, RedirTraffic } from "../../../../src/event.ts";

/** Events of a redirect of shop/web, ports 8080 and 9090 incoming and 15010 outgoing. */

const start = Date.parse("2026-01-01T10:00:00.000Z");

/** Returns a time `seconds` after the start. */
export function at(seconds: number): string {
  return new Date(start + seconds * 1000).toISOString();
}

export const web = { namespace: "shop", pod: "web" } as const;

export function started(more: Partial<RedirStarted> = {}): RedirStarted {
  return {
    type: "redir.started",
    time: at(0),
    ...web,
    ports: [
      { direction: "incoming", port: 8080, local: "localhost:8089", listening: true },
      { direction: "incoming", port: 9090, local: "localhost:9090", listening: false },
      { direction: "outgoing", port: 15010, local: "localhost:15010" },
    ],
    kept: 0,
    ...more,
  };
}

export function opened(connection: number, more: Partial<RedirOpened> = {}): RedirOpened {
  return {
    ...{ type: "redir.opened", time: at(1), ...web, connection, direction: "incoming" },
    ...{ from: `10.244.0.7:${40000 + connection}`, to: "10.244.0.5:8080", local: "localhost:8089" },
    ...more,
  };
}

export function ended(connection: number, more: Partial<RedirConnection> = {}): RedirConnection {
  return {
    ...opened(connection),
    ...{ type: "redir.connection", time: at(2), servedBy: "local", ended: "closed" },
    ...{ sentBytes: 312, receivedBytes: 1234, durationMs: 12.3, connectMs: 0.5 },
    ...more,
  };
}

export function traffic(seconds: number, ...connections: RedirTraffic["connections"]): RedirTraffic {
  return { type: "redir.traffic", time: at(seconds), ...web, connections };
}

export const outgoing = {
  direction: "outgoing",
  from: "10.244.0.5:33000",
  to: "10.96.0.10:15010",
  local: "localhost:15010",
} as const;
