import type { Timed } from "../../lib/timed.ts";

export type ManageEvent = ManageReady;

/** Other programs on this machine may use the manager from now on, until the command ends. */
export interface ManageReady extends Timed {
  type: "manage.ready";
  /** The ephemeral container or the debug pod that the manager runs in. */
  name: string;
  /** Address as in gRPC: `unix:/run/…` or `127.0.0.1:8087`. */
  address: string;
  namespace: string;
  pod: string;
  way: "node" | "ephemeral" | "local";
}
