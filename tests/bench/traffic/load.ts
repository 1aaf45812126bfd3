/** What a client.ts is asked to do. */
export type Load =
  | {
    /** Reads so many bytes of each connection to its end, or sends them. */
    kind: "get" | "put";
    bytes: number | { most: number };
    atOnce: number;
    /** In all. */
    connections?: number;
    forMs?: number;
    /** Each of those at once begins one so often; otherwise one after the other. */
    everyMs?: number;
    /** Ends its own way before it reads the answer. */
    halfClose?: boolean;
  }
  | { kind: "hold"; connections: number; unread?: boolean }
  /** Closes those that are held. */
  | { kind: "release" }
  | { kind: "await"; by: string; limitMs: number };

export interface LoadResult {
  /** In milliseconds since the epoch. */
  startedAt: number;
  /** Connections that were begun. */
  begun: number;
  tookMs: number;
  /** Of each connection, in milliseconds. */
  times: number[];
  /** Connections by the name of the server that answered. */
  by: Record<string, number>;
  /** What was wrong with connections, the first few. */
  wrong: string[];
  /** Of `await`, in milliseconds since the epoch. */
  answeredAt?: number;
}
