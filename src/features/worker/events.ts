import type { Timed } from "../../lib/timed.ts";

export type WorkerEvent = WorkerSeen | WorkerEnded;

/** A process that waits for the next command. */
export interface WorkerSeen extends Timed {
  type: "worker.waiting";
  pid: number;
  /** Time at which it was started. */
  since: string;
  residentBytes: number;
  /** The pod and the container whose manager it is connected to, as `NAMESPACE/POD/CONTAINER`. */
  manager?: string;
}

/** A waiting process was told to end. */
export interface WorkerEnded extends Timed {
  type: "worker.ended";
  pid: number;
}
