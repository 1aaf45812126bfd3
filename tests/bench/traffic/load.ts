/** A request to a client.ts. */
export type Load =
  | {
    /** Reads `bytes` from each connection to its end, or sends them. */
    kind: "get" | "put";
    bytes: number | { most: number };
    atOnce: number;
    /** Total number of connections. */
    connections?: number;
    forMs?: number;
    /** Interval at which each concurrent loop begins a connection, in milliseconds; undefined: one after the other. */
    everyMs?: number;
    /** Closes its own direction before it reads the answer. */
    halfClose?: boolean;
  }
  | { kind: "hold"; connections: number; unread?: boolean }
  /** Closes the held connections. */
  | { kind: "release" }
  | { kind: "await"; by: string; limitMs: number };

export interface LoadResult {
  /** Start, in milliseconds since the epoch. */
  startedAt: number;
  /** Number of connections begun. */
  begun: number;
  tookMs: number;
  /** Duration of each connection, in milliseconds. */
  times: number[];
  /** Number of connections by the name of the server that answered. */
  by: Record<string, number>;
  /** The first few errors of connections. */
  wrong: string[];
  /** Time of the answer to `await`, in milliseconds since the epoch. */
  answeredAt?: number;
}
