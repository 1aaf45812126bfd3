import type { Direction, Event, Failed, RedirConnection, RedirectedConnection, RedirSummary } from "../../event.ts";
import { connectionKey, redirectedPort } from "./redir_tally.ts";
import { isQuietProbe } from "./text.ts";

/** Standings of a pod, worst first. */
export const standings = ["lost", "redirected", "left"] as const;
export type Standing = typeof standings[number];

/** Number of ended connections kept for each port, and for all ports together. */
const keptEnded = 100;
/** Number of pods kept that have left: with a selector, pods come and go for days. */
const keptLeft = 50;
const keptFailed = 20;
/** Longest reason kept, in characters: a longer one fits no window. */
const longestReason = 500;
/** Whole seconds over which a rate is measured. */
export const rateSeconds = 3;

/** A redirected port of one pod, and its traffic. */
export interface PortSeen {
  readonly key: string;
  readonly pod: PodSeen;
  readonly direction: Direction;
  readonly port: number;
  local: string;
  listening?: boolean;
  open: number;
  ended: number;
  /** Ended connections that the pod answered, the probes among these, and ended connections that broke. */
  toPod: number;
  probes: number;
  broken: number;
  sentBytes: number;
  receivedBytes: number;
  /** Bytes of the last seconds, by second. */
  readonly flow: { second: number; bytes: number }[];
  /** The last ended connections, the newest last. */
  readonly recent: EndedSeen[];
  /** Why this machine did not answer a connection, and when; `over` once it has answered a later one. */
  trouble?: { reason: string; byPod: boolean; at: number; over: boolean };
}

export interface PodSeen {
  readonly namespace: string;
  readonly pod: string;
  standing: Standing;
  /** Start of this standing, in milliseconds since 1970. */
  since: number;
  /** Reason why it is lost or has left. */
  reason?: string;
  kept: number;
  mesh: boolean;
  mirror: boolean;
  readonly ports: Map<string, PortSeen>;
}

export interface OpenSeen {
  readonly connection: RedirectedConnection;
  readonly port: PortSeen;
  /** Time of its opening, in milliseconds since 1970. */
  readonly at: number;
  readonly time: string;
  sentBytes: number;
  receivedBytes: number;
  /** Bytes since the previous `redir.traffic` event about it, and the time of the last one in milliseconds since 1970. */
  lately: number;
  latelyAt: number;
}

export interface EndedSeen {
  readonly connection: RedirConnection;
  readonly port: PortSeen;
}

/** State of a redirect, built from its events. */
export interface RedirState {
  readonly pods: Map<string, PodSeen>;
  readonly open: Map<string, OpenSeen>;
  readonly recent: EndedSeen[];
  readonly failed: Failed[];
  readonly summaries: RedirSummary[];
}

export function newRedirState(): RedirState {
  return { pods: new Map(), open: new Map(), recent: [], failed: [], summaries: [] };
}

/** Applies an event, in a time that does not grow with the events before. Ignores events that are not about a redirect. */
export function applyRedir(state: RedirState, event: Event): void {
  switch (event.type) {
    case "redir.started": {
      const pod = podOf(state, event);
      if (pod.standing !== "redirected") dropOpen(state, pod);
      setStanding(pod, "redirected", event.time);
      Object.assign(pod, { kept: event.kept, mesh: event.mesh === true, mirror: event.mirror === true });
      const named = new Set<string>();
      for (const { direction, port, local, listening } of event.ports) {
        const seen = portOf(pod, direction, port, local);
        named.add(seen.key);
        seen.local = local;
        if (listening === undefined) delete seen.listening;
        else seen.listening = listening;
      }
      for (const [key, { open, ended }] of pod.ports) {
        if (!named.has(key) && open + ended === 0) pod.ports.delete(key);
      }
      break;
    }
    case "redir.opened": {
      const port = portOf(podOf(state, event), event.direction, redirectedPort(event), event.local);
      const key = connectionKey(event);
      close(state, key);
      port.open += 1;
      const at = Date.parse(event.time);
      state.open.set(key, {
        ...{ connection: event, port, at, time: event.time },
        ...{ sentBytes: 0, receivedBytes: 0, lately: 0, latelyAt: at },
      });
      break;
    }
    case "redir.traffic":
      for (const { connection, sentBytes, receivedBytes } of event.connections) {
        const open = state.open.get(connectionKey({ ...event, connection }));
        if (open === undefined) continue;
        open.latelyAt = Date.parse(event.time);
        open.lately = carry(open.port, open, { sentBytes, receivedBytes }, open.latelyAt);
        Object.assign(open, { sentBytes, receivedBytes });
      }
      break;
    case "redir.connection":
      ended(state, { ...event, ...(event.reason === undefined ? {} : { reason: shortened(event.reason) }) });
      break;
    case "redir.lost":
      setStanding(podOf(state, event), "lost", event.time, event.reason);
      break;
    case "redir.resumed":
      // `redir.started` follows, and sets the standing.
      break;
    case "redir.left": {
      const pod = podOf(state, event);
      dropOpen(state, pod);
      setStanding(pod, "left", event.time, event.reason);
      forgetLeft(state);
      break;
    }
    case "redir.summary":
      state.summaries.push(event);
      break;
    case "failed":
      state.failed.push({ ...event, reason: shortened(event.reason) });
      keepLast(state.failed, keptFailed);
      break;
  }
}

function ended(state: RedirState, event: RedirConnection): void {
  const { sentBytes, receivedBytes, servedBy, probe, ended, reason } = event;
  const pod = podOf(state, event);
  const port = portOf(pod, event.direction, redirectedPort(event), event.local);
  const before = close(state, connectionKey(event));
  carry(port, before ?? { sentBytes: 0, receivedBytes: 0 }, { sentBytes, receivedBytes }, Date.parse(event.time));
  port.ended += 1;
  if (servedBy === "pod") port.toPod += 1;
  if (probe === true) {
    if (servedBy === "pod") port.probes += 1;
    if (isQuietProbe(event)) return;
  } else {
    if (ended !== "closed") port.broken += 1;
    const byPod = ended !== "failed";
    if (!byPod || servedBy === "pod" && !pod.mirror && reason !== undefined) {
      port.trouble = { reason: reason ?? "no reason is known", byPod, at: Date.parse(event.time), over: false };
    } else if (port.trouble !== undefined) port.trouble.over = true;
  }
  for (const list of [port.recent, state.recent]) {
    list.push({ connection: event, port });
    keepLast(list, keptEnded);
  }
}

/** Adds the bytes carried since `before`, and returns their number. */
function carry(
  port: PortSeen,
  before: { sentBytes: number; receivedBytes: number },
  { sentBytes, receivedBytes }: { sentBytes: number; receivedBytes: number },
  at: number,
): number {
  port.sentBytes += sentBytes - before.sentBytes;
  port.receivedBytes += receivedBytes - before.receivedBytes;
  const bytes = sentBytes - before.sentBytes + receivedBytes - before.receivedBytes;
  const second = Math.floor(at / 1000);
  const last = port.flow.at(-1);
  if (last?.second === second) last.bytes += bytes;
  else port.flow.push({ second, bytes });
  if (port.flow.length > rateSeconds + 2) port.flow.shift();
  return bytes;
}

function setStanding(pod: PodSeen, standing: Standing, time: string, reason?: string): void {
  if (pod.standing !== standing) pod.since = Date.parse(time);
  pod.standing = standing;
  if (reason === undefined) delete pod.reason;
  else pod.reason = shortened(reason);
}

function podOf(state: RedirState, { namespace, pod, time }: { namespace: string; pod: string; time: string }): PodSeen {
  const key = `${namespace}/${pod}`;
  const known = state.pods.get(key);
  if (known !== undefined) return known;
  const created: PodSeen = {
    ...{ namespace, pod, standing: "redirected", since: Date.parse(time) },
    ...{ kept: 0, mesh: false, mirror: false, ports: new Map() },
  };
  state.pods.set(key, created);
  return created;
}

function portOf(pod: PodSeen, direction: Direction, port: number, local: string): PortSeen {
  const key = `${pod.namespace}/${pod.pod} ${direction} ${port}`;
  const known = pod.ports.get(key);
  if (known !== undefined) return known;
  const created: PortSeen = {
    ...{ key, pod, direction, port, local },
    ...{ open: 0, ended: 0, toPod: 0, probes: 0, broken: 0, sentBytes: 0, receivedBytes: 0 },
    ...{ flow: [], recent: [] },
  };
  pod.ports.set(key, created);
  return created;
}

function close(state: RedirState, key: string): OpenSeen | undefined {
  const open = state.open.get(key);
  if (open !== undefined) open.port.open -= 1;
  state.open.delete(key);
  return open;
}

/** Closes the connections of a pod: none outlives its redirect. */
function dropOpen(state: RedirState, pod: PodSeen): void {
  for (const [key, { port }] of state.open) if (port.pod === pod) close(state, key);
}

function forgetLeft(state: RedirState): void {
  const left = [...state.pods].filter(([, { standing }]) => standing === "left");
  if (left.length <= keptLeft) return;
  const [oldest] = left.sort(([, a], [, b]) => a.since - b.since);
  if (oldest !== undefined) state.pods.delete(oldest[0]);
}

/** Drops the oldest entries once a list is twice as long as `count`: shifting it for each new entry would cost more. */
function keepLast(list: unknown[], count: number): void {
  if (list.length >= 2 * count) list.splice(0, list.length - count);
}

function shortened(reason: string): string {
  return reason.length <= longestReason ? reason : `${reason.slice(0, longestReason)}…`;
}
