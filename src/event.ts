import { defined } from "./lib/defined.ts";
import { now, type Timed } from "./lib/timed.ts";
import type { Access } from "./rights/access.ts";
import type { FilesEvent } from "./features/files/events.ts";
import type { GdbEvent } from "./features/gdb/events.ts";
import type { HpingEvent } from "./features/hping/events.ts";
import type { LogsEvent } from "./features/logs/events.ts";
import type { ManageEvent } from "./features/manage/events.ts";
import type { PidsEvent } from "./features/pids/events.ts";
import type { PingEvent } from "./features/ping/events.ts";
import type { PodsEvent } from "./features/pods/events.ts";
import type { RbacEvent } from "./features/rbac/events.ts";
import type { RedirectEvent } from "./features/redirect/events.ts";
import type { StraceEvent } from "./features/strace/events.ts";
import type { WorkerEvent } from "./features/worker/events.ts";

export type * from "./features/files/events.ts";
export type * from "./features/gdb/events.ts";
export type * from "./features/hping/events.ts";
export type * from "./features/logs/events.ts";
export type * from "./features/manage/events.ts";
export type * from "./features/pids/events.ts";
export type * from "./features/ping/events.ts";
export type * from "./features/pods/events.ts";
export type * from "./features/rbac/events.ts";
export type * from "./features/redirect/events.ts";
export type * from "./features/strace/events.ts";
export type * from "./features/worker/events.ts";

/**
 * An event. `-o json` prints exactly these objects, one a line, so names and units are part of the interface: times are RFC
 * 3339 in UTC, durations end in `Ms`, sizes in `Bytes`.
 */
export type Event =
  | PingEvent
  | PidsEvent
  | StraceEvent
  | HpingEvent
  | PodsEvent
  | GdbEvent
  | FilesEvent
  | RedirectEvent
  | ManageEvent
  | RbacEvent
  | LogsEvent
  | WorkerEvent
  | Failed;

/** A failure of one of several things. The others continue, and the exit code is not 0. */
export interface Failed extends Timed {
  type: "failed";
  /** The thing that failed, for example `shop/web`. */
  subject: string;
  reason: string;
  hint?: string;
  /** Missing permissions; the hint names the command that prints a Role with them. */
  missingRights?: readonly Access[];
}

/** Returns true for events that make an otherwise successful run fail. */
export function isFailure(event: Event): boolean {
  return event.type === "failed";
}

/** The parts of an error that a failure event shows. */
export interface Failure {
  message: string;
  hint?: string | undefined;
  missing?: readonly Access[] | undefined;
}

/** Returns a failure event for one of several things, with the current time. */
export function failed(subject: string, { message, hint, missing }: Failure): Failed {
  return { type: "failed", time: now(), subject, reason: message, ...defined({ hint, missingRights: missing }) };
}
