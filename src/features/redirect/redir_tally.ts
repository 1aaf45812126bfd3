import type { Direction, Event, RedirectedConnection, RedirSummary } from "../../event.ts";
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

/** What an open connection has carried so far. */
interface Open {
  row: Row;
  sentBytes: number;
  receivedBytes: number;
}

/** Counts the connections of a redirect by pod, direction and port. Connections themselves are kept while they are open only. */
export class RedirTally {
  readonly #rows = new Map<string, Row>();
  readonly #open = new Map<string, Open>();

  /** Takes an event in; what says nothing about connections is left aside. */
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
        // Three digits, as RoundTrips counts each different time.
        if (event.connectMs !== undefined) row.connects.add(Number(event.connectMs.toPrecision(3)));
        break;
      }
    }
  }

  /**
   * A summary for each pod, direction and port that was redirected, in this order, also where nothing came. What is
   * still open counts as a connection, with the bytes that were last told of it.
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
        const under = open.get(row);
        const p50 = connects.percentile(50), max = connects.maxMs;
        return {
          type: "redir.summary",
          time,
          namespace,
          pod,
          direction,
          port,
          connections: row.ended + (under?.count ?? 0),
          toPod,
          broken,
          sentBytes: row.sentBytes + (under?.sentBytes ?? 0),
          receivedBytes: row.receivedBytes + (under?.receivedBytes ?? 0),
          ...(p50 === undefined ? {} : { connectP50Ms: p50 }),
          ...(max === undefined ? {} : { connectMaxMs: max }),
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

/** Tells the connections of all pods apart. */
export function connectionKey(
  { namespace, pod, connection }: Pick<RedirectedConnection, "namespace" | "pod" | "connection">,
): string {
  return `${namespace}/${pod} ${connection}`;
}

/** The port that a connection was meant for, which is the one that was redirected. */
export function redirectedPort({ to }: Pick<RedirectedConnection, "to">): number {
  return Number(to.slice(to.lastIndexOf(":") + 1));
}
