import type { Direction, Event, Failed, RedirConnection, RedirectedConnection, RedirSummary } from "../../event.ts";
import { connectionKey, redirectedPort } from "./redir_tally.ts";
import { isQuietProbe } from "./text.ts";

/** How a pod stands, worst first. */
export const standings = ["lost", "redirected", "left"] as const;
export type Standing = typeof standings[number];

/** Connections that have ended are kept for each port and for all of them, so many of each. */
const keptEnded = 100;
/** Of pods that have left, as with a selector they come and go for days. */
const keptLeft = 50;
const keptFailed = 20;
/** A longer reason fits no window. */
const longestReason = 500;
/** A rate is over so many whole seconds. */
export const rateSeconds = 3;

/** A redirected port of one pod, and what went over it. */
export interface PortSeen {
  readonly key: string;
  readonly pod: PodSeen;
  readonly direction: Direction;
  readonly port: number;
  local: string;
  listening?: boolean;
  open: number;
  ended: number;
  /** Of those that ended: answered by the pod, the probes among these, and broken. */
  toPod: number;
  probes: number;
  broken: number;
  sentBytes: number;
  receivedBytes: number;
  /** Bytes of the last seconds, by second. */
  readonly flow: { second: number; bytes: number }[];
  /** The last connections that ended, the newest last. */
  readonly recent: EndedSeen[];
  /** Why this machine did not answer a connection, and when; `over` once it has answered another one. */
  trouble?: { reason: string; byPod: boolean; at: number; over: boolean };
}

export interface PodSeen {
  readonly namespace: string;
  readonly pod: string;
  standing: Standing;
  /** When it came to stand so, in milliseconds since 1970. */
  since: number;
  /** Why it is lost or has left. */
  reason?: string;
  kept: number;
  mesh: boolean;
  mirror: boolean;
  readonly ports: Map<string, PortSeen>;
}

export interface OpenSeen {
  readonly connection: RedirectedConnection;
  readonly port: PortSeen;
  /** When it was opened, in milliseconds since 1970. */
  readonly at: number;
  readonly time: string;
  sentBytes: number;
  receivedBytes: number;
  /** What it carried in the second before it was last told of, and when that was. */
  lately: number;
  latelyAt: number;
}

export interface EndedSeen {
  readonly connection: RedirConnection;
  readonly port: PortSeen;
}

/** What the events of a redirect have told so far. */
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

/** Takes an event in, in a time that does not grow with what came before; what is not about a redirect is left aside. */
export function applyRedir(state: RedirState, event: Event): void {
  switch (event.type) {
    case "redir.started": {
      const pod = podOf(state, event);
      if (pod.standing !== "redirected") dropOpen(state, pod);
      stand(pod, "redirected", event.time);
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
      ended(state, { ...event, ...(event.reason === undefined ? {} : { reason: brief(event.reason) }) });
      break;
    case "redir.lost":
      stand(podOf(state, event), "lost", event.time, event.reason);
      break;
    case "redir.resumed":
      // `redir.started` follows, and says that it is redirected.
      break;
    case "redir.left": {
      const pod = podOf(state, event);
      dropOpen(state, pod);
      stand(pod, "left", event.time, event.reason);
      forgetLeft(state);
      break;
    }
    case "redir.summary":
      state.summaries.push(event);
      break;
    case "failed":
      state.failed.push({ ...event, reason: brief(event.reason) });
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

/** Adds what is more than before, and returns it. */
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

function stand(pod: PodSeen, standing: Standing, time: string, reason?: string): void {
  if (pod.standing !== standing) pod.since = Date.parse(time);
  pod.standing = standing;
  if (reason === undefined) delete pod.reason;
  else pod.reason = brief(reason);
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

/** No connection outlives its redirect. */
function dropOpen(state: RedirState, pod: PodSeen): void {
  for (const [key, { port }] of state.open) if (port.pod === pod) close(state, key);
}

function forgetLeft(state: RedirState): void {
  const left = [...state.pods].filter(([, { standing }]) => standing === "left");
  if (left.length <= keptLeft) return;
  const [oldest] = left.sort(([, a], [, b]) => a.since - b.since);
  if (oldest !== undefined) state.pods.delete(oldest[0]);
}

/** Lists get a little longer than they may be, as moving them up for each new one would cost more. */
function keepLast(list: unknown[], count: number): void {
  if (list.length >= 2 * count) list.splice(0, list.length - count);
}

function brief(reason: string): string {
  return reason.length <= longestReason ? reason : `${reason.slice(0, longestReason)}…`;
}
