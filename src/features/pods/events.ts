import type { Timed } from "../../lib/timed.ts";
import type { Access } from "../../rights/access.ts";

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
  /** False if a running debug pod was found and used. */
  created: boolean;
  /** Time from the call to the manager's first answer. */
  tookMs: number;
}

/** An existing debug pod, for `list`. */
export interface DebugPodSeen extends Timed, DebugPod {
  type: "list.debug-pod";
  /** Status as in `kubectl get pods`: Running, Pending, Succeeded, or the reason why it waits. */
  status: string;
  /** Version of the manager in it. */
  version: string;
  created: string;
  /** Time at which the cluster ends it at the latest; it ends sooner if it is idle. */
  endsBy?: string;
}

/** A debug pod or a copy was removed. */
export interface DebugPodRemoved extends Timed, DebugPod {
  type: "cleanup.removed";
  /** The pod that it was a copy of. */
  copyOf?: string;
}

interface Copy {
  name: string;
  namespace: string;
  /** Empty until the copy is scheduled. */
  node: string;
  /** The pod that was copied. */
  of: string;
  /** The chosen container, and its image. */
  container: string;
  image: string;
  /** Running, the reason why it waits, or how it ended: Completed, Error, OOMKilled, … */
  status: string;
}

/** The copy is ready: its container runs, or has run and ended. */
export interface CopyReady extends Timed, Copy {
  type: "copy.ready";
  /** The command given instead of the container's own. */
  command?: string[];
  /** Exit code of an ended container. */
  exitCode?: number;
  /** The init container that failed, so that `container` never ran. */
  failed?: string;
  /** Time from the call until the container ran. */
  tookMs: number;
}

/** An existing copy, for `list`. */
export interface CopySeen extends Timed, Copy {
  type: "list.copy";
  /** Name of its creator, as the API server knows it. */
  by?: string;
  created: string;
  /** Time at which the cluster ends it; missing if it has ended. */
  endsBy?: string;
}

interface EphemeralContainer {
  /** Name of the container. */
  name: string;
  pod: string;
  namespace: string;
  node: string;
  image: string;
  /** For example `user 65532 without capabilities`. */
  rights: string;
}

/** A running ephemeral container of scope's, for `list`. */
export interface EphemeralContainerSeen extends Timed, EphemeralContainer {
  type: "list.ephemeral-container";
  /** Running, or the reason why it waits. */
  status: string;
  /** Version of the manager in it. */
  version: string;
  /** Start time; missing while it waits. */
  started?: string;
}

/** The manager of an ephemeral container has ended, and all that it ran. The cluster keeps its name in the pod's spec. */
export interface EphemeralContainerEnded extends Timed, EphemeralContainer {
  type: "cleanup.ended";
}

/** The target that the doctor examines. */
export interface DoctorTarget extends Timed {
  type: "doctor.target";
  pod: string;
  namespace: string;
  node: string;
  container: string;
  /** Missing if the cluster does not reveal it. */
  uid?: number;
  /** Missing if there is no limit. */
  memoryLimitBytes?: number;
  /** Missing if there is no limit, or if the usage is unknown. */
  memoryUsedBytes?: number;
}

/** A right of this user in the cluster. */
export interface DoctorRight extends Timed {
  type: "doctor.right";
  /** For example `create pods/exec in namespace "shop"`. */
  right: string;
  allowed: boolean;
  /** Purpose of the right for scope. */
  for: string;
}

/** Result of a check: can a command go one Way? */
export interface DoctorWay extends Timed {
  type: "doctor.way";
  way: string;
  command: string;
  possible: boolean;
  /** True for the Way that `--via auto` would take. */
  chosen: boolean;
  /** For example `user 65532 without capabilities`. */
  rights?: string;
  /** Reason why it is not possible: the first missing requirement. */
  missing?: string;
  /** The remedy, and who can apply it. */
  remedy?: string;
  /** Permissions that the API server refused. */
  missingRights?: readonly Access[];
}
