import type { Timed } from "../../lib/timed.ts";

export type PodsEvent =
  | DebugPodReady
  | DebugPodSeen
  | DebugPodRemoved
  | CopyReady
  | CopySeen
  | EphemeralContainerSeen
  | EphemeralContainerEnded
  | DoctorTarget
  | DoctorRight
  | DoctorWay;

interface DebugPod {
  name: string;
  namespace: string;
  node: string;
  image: string;
}

/** The debug pod runs and answers. */
export interface DebugPodReady extends Timed, DebugPod {
  type: "launch.ready";
  /** False when a running one was found and used. */
  created: boolean;
  /** From the call to the manager's first answer. */
  tookMs: number;
}

/** One debug pod that exists, for `list`. */
export interface DebugPodSeen extends Timed, DebugPod {
  type: "list.debug-pod";
  /** As in `kubectl get pods`: Running, Pending, Succeeded, or the reason why it waits. */
  status: string;
  /** Version of the manager in it. */
  version: string;
  created: string;
  /** When the cluster ends it in any case; sooner when it is idle. */
  endsBy?: string;
}

/** A debug pod or a copy is gone. */
export interface DebugPodRemoved extends Timed, DebugPod {
  type: "cleanup.removed";
  /** The pod that it was a copy of. */
  copyOf?: string;
}

interface Copy {
  name: string;
  namespace: string;
  /** Empty while it waits for one. */
  node: string;
  /** The pod that was copied. */
  of: string;
  /** The container that was meant, and its image. */
  container: string;
  image: string;
  /** Running, the reason why it waits, or how it ended: Completed, Error, OOMKilled, … */
  status: string;
}

/** The copy is there: its container runs, or has run and ended. */
export interface CopyReady extends Timed, Copy {
  type: "copy.ready";
  /** What was given instead of the container's own command. */
  command?: string[];
  /** Of a container that has ended. */
  exitCode?: number;
  /** The init container that failed, so that `container` never ran. */
  failed?: string;
  /** From the call until the container ran. */
  tookMs: number;
}

/** One copy that exists, for `list`. */
export interface CopySeen extends Timed, Copy {
  type: "list.copy";
  /** Who made it, as the API server knows them. */
  by?: string;
  created: string;
  /** When the cluster ends it; missing when it has ended. */
  endsBy?: string;
}

interface EphemeralContainer {
  /** Of the container. */
  name: string;
  pod: string;
  namespace: string;
  node: string;
  image: string;
  /** For example `user 65532 without capabilities`. */
  rights: string;
}

/** One of scope's ephemeral containers that runs, for `list`. */
export interface EphemeralContainerSeen extends Timed, EphemeralContainer {
  type: "list.ephemeral-container";
  /** Running, or the reason why it waits. */
  status: string;
  /** Version of the manager in it. */
  version: string;
  /** When it started; missing while it waits. */
  started?: string;
}

/** The manager of an ephemeral container has ended, and all that it ran. The cluster keeps its name in the pod's spec. */
export interface EphemeralContainerEnded extends Timed, EphemeralContainer {
  type: "cleanup.ended";
}

/** Whom the doctor looks at. */
export interface DoctorTarget extends Timed {
  type: "doctor.target";
  pod: string;
  namespace: string;
  node: string;
  container: string;
  /** Missing: the cluster does not tell. */
  uid?: number;
  /** Missing: there is no limit. */
  memoryLimitBytes?: number;
  /** Missing: there is no limit, or nobody tells. */
  memoryUsedBytes?: number;
}

/** Whether this user may do something in the cluster. */
export interface DoctorRight extends Timed {
  type: "doctor.right";
  /** For example `create pods/exec in namespace "shop"`. */
  right: string;
  allowed: boolean;
  /** What scope needs it for. */
  for: string;
}

/** Whether a command can go one Way. */
export interface DoctorWay extends Timed {
  type: "doctor.way";
  way: string;
  command: string;
  possible: boolean;
  /** It is what `--via auto` would take. */
  chosen: boolean;
  /** For example `user 65532 without capabilities`. */
  rights?: string;
  /** Why it is not possible: the first thing that is missing. */
  missing?: string;
  /** What helps, and who can do it. */
  remedy?: string;
}
