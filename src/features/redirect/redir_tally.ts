import type { Direction, Event, RedirectedConnection, RedirSummary } from "../../event.ts";
import { defined } from "../../lib/defined.ts";
import { RoundTrips } from "../../lib/round_trips.ts";

interface Row {
  namespace: string;
  pod: string;
  direction: Direction;
  port: number;
  ended: number;
  toPod: number;
  broken: number;
  sentBytes: number;
  receivedBytes: number;
  readonly connects: RoundTrips;
}

/** Traffic of an open connection so far. */
interface Open {
  row: Row;
  sentBytes: number;
  receivedBytes: number;
}

/** Counts the connections of a redirect by pod, direction and port. Keeps connections only while they are open. */
export class RedirTally {
  readonly #rows = new Map<string, Row>();
  readonly #open = new Map<string, Open>();

  /** Counts an event. Ignores events that are not about connections. */
  add(event: Event): void {
    switch (event.type) {
      case "redir.started":
        for (const { direction, port } of event.ports) this.#row(event, direction, port);
        break;
      case "redir.opened":
        this.#open.set(connectionKey(event), { row: this.#rowOf(event), sentBytes: 0, receivedBytes: 0 });
        break;
      case "redir.traffic":
        for (const { connection, sentBytes, receivedBytes } of event.connections) {
          const open = this.#open.get(connectionKey({ ...event, connection }));
          if (open !== undefined) Object.assign(open, { sentBytes, receivedBytes });
        }
        break;
      case "redir.connection": {
        const row = this.#rowOf(event);
        this.#open.delete(connectionKey(event));
        row.ended += 1;
        if (event.servedBy === "pod") row.toPod += 1;
        if (event.ended !== "closed" && event.probe !== true) row.broken += 1;
        row.sentBytes += event.sentBytes;
        row.receivedBytes += event.receivedBytes;
        // Three digits, because RoundTrips stores each different time.
        if (event.connectMs !== undefined) row.connects.add(Number(event.connectMs.toPrecision(3)));
        break;
      }
    }
  }

  /**
   * Returns a summary for each redirected pod, direction and port, in this order, even without connections. An open connection
   * counts, with its last known bytes.
   */
  summaries(time: string): RedirSummary[] {
    const open = new Map<Row, { count: number; sentBytes: number; receivedBytes: number }>();
    for (const { row, sentBytes, receivedBytes } of this.#open.values()) {
      const sum = open.get(row) ?? { count: 0, sentBytes: 0, receivedBytes: 0 };
      open.set(row, {
        count: sum.count + 1,
        sentBytes: sum.sentBytes + sentBytes,
        receivedBytes: sum.receivedBytes + receivedBytes,
      });
    }
    const names = new Intl.Collator("en", { numeric: true });
    const name = ({ namespace, pod }: Row) => `${namespace}/${pod}`;
    return [...this.#rows.values()]
      .sort((a, b) => names.compare(name(a), name(b)) || names.compare(a.direction, b.direction) || a.port - b.port)
      .map((row): RedirSummary => {
        const { namespace, pod, direction, port, toPod, broken, connects } = row;
        const stillOpen = open.get(row);
        const p50 = connects.percentile(50), max = connects.maxMs;
        return {
          type: "redir.summary",
          time,
          namespace,
          pod,
          direction,
          port,
          connections: row.ended + (stillOpen?.count ?? 0),
          toPod,
          broken,
          sentBytes: row.sentBytes + (stillOpen?.sentBytes ?? 0),
          receivedBytes: row.receivedBytes + (stillOpen?.receivedBytes ?? 0),
          ...defined({ connectP50Ms: p50, connectMaxMs: max }),
        };
      });
  }

  #rowOf(of: RedirectedConnection): Row {
    return this.#row(of, of.direction, redirectedPort(of));
  }

  #row({ namespace, pod }: { namespace: string; pod: string }, direction: Direction, port: number): Row {
    const key = `${namespace}/${pod} ${direction} ${port}`;
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const created = {
      ...{ namespace, pod, direction, port },
      ...{ ended: 0, toPod: 0, broken: 0, sentBytes: 0, receivedBytes: 0 },
      connects: new RoundTrips(),
    };
    this.#rows.set(key, created);
    return created;
  }
}

/** Returns a key that is unique over the connections of all pods. */
export function connectionKey(
  { namespace, pod, connection }: Pick<RedirectedConnection, "namespace" | "pod" | "connection">,
): string {
  return `${namespace}/${pod} ${connection}`;
}

/** Returns the redirected port of a connection: the port of its original destination. */
export function redirectedPort({ to }: Pick<RedirectedConnection, "to">): number {
  return Number(to.slice(to.lastIndexOf(":") + 1));
}
