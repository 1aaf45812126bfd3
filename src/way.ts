import type { Duplex } from "node:stream";
import type { Target } from "./target.ts";

export const wayNames = ["auto", "node"] as const;
export type WayName = (typeof wayNames)[number];

/** One byte stream to a manager next to a target, and nothing else. Disposing removes what was made for it alone. */
export interface Passage extends AsyncDisposable {
  readonly stream: Duplex;
  /** For people: what the manager runs in. */
  readonly place: string;
}

/** How to get beside a target. */
export interface Way {
  /** Throws ScopeError: unreachable, denied, timeout. Whatever it made before it failed is removed. */
  reach(target: Target, signal: AbortSignal): Promise<Passage>;
}
