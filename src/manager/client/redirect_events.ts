import type { Cycle } from "./cycle_link.ts";
import type {
  Direction,
  RedirConnection,
  RedirCycle,
  RedirectedConnection,
  RedirOpened,
  RedirPort,
  RedirStarted,
  RedirTraffic,
} from "../../event.ts";
import { now } from "../../lib/timed.ts";
import type { RedirectPlan } from "./redirect_plan.ts";
import { localAddress } from "./redirect_plan.ts";
import { Closed_How } from "../protocol/gen/manager_pb.ts";
import type { Closed, Opened, RedirectStarted } from "../protocol/gen/manager_pb.ts";
import type { Traffic } from "../protocol/tunnel/peer.ts";

/** The state of an open redirected connection on this machine. */
export interface OpenConnection {
  about: RedirectedConnection;
  since: number;
  /** Bytes exchanged with this machine. */
  traffic: Traffic;
  /** Total bytes of `traffic` at the last `redir.traffic` event. */
  reportedBytes: number;
  connectMs?: number;
}

export interface PodName {
  namespace: string;
  pod: string;
}

export function startedEvent(
  { namespace, pod }: PodName,
  plan: RedirectPlan,
  { incoming, unheard, kept, cut, mesh }: RedirectStarted,
): RedirStarted {
  const ports: RedirPort[] = [
    ...incoming.map((port) => ({
      direction: "incoming" as const,
      port,
      local: localAddress(plan, "incoming", port),
      listening: !unheard.includes(port),
    })),
    ...plan.outgoing.map(({ port }) => ({
      direction: "outgoing" as const,
      port,
      local: localAddress(plan, "outgoing", port),
    })),
  ];
  return {
    type: "redir.started",
    time: now(),
    namespace,
    pod,
    ports,
    kept,
    ...(cut > 0 ? { cut } : {}),
    ...(mesh ? { mesh } : {}),
    ...(plan.mirror ? { mirror: true } : {}),
  };
}

export function openedConnection(
  { namespace, pod }: PodName,
  plan: RedirectPlan,
  connection: number,
  { from, to, port, outgoing }: Opened,
): OpenConnection {
  const direction: Direction = outgoing ? "outgoing" : "incoming";
  const about = { namespace, pod, connection, direction, from, to, local: localAddress(plan, direction, port) };
  return { about, since: performance.now(), traffic: { sent: 0, received: 0 }, reportedBytes: 0 };
}

export function openedEvent({ about }: OpenConnection): RedirOpened {
  return { type: "redir.opened", time: now(), ...about };
}

/** Reports that the local destination of a connection leads back to the pod. */
export function cycleEvent(
  { about: { namespace, pod, direction, local, to } }: OpenConnection,
  { program }: Cycle,
): RedirCycle {
  const port = Number(to.slice(to.lastIndexOf(":") + 1));
  return {
    type: "redir.cycle",
    time: now(),
    ...{ namespace, pod, direction, port, local },
    ...(program === undefined ? {} : { program: program.name, pid: program.pid }),
  };
}

const endings = { [Closed_How.CLOSED]: "closed", [Closed_How.RESET]: "reset", [Closed_How.FAILED]: "failed" } as const;

/** Reports the end of a connection, with the manager's data. */
export function closedEvent({ about, connectMs }: OpenConnection, closed: Closed): RedirConnection {
  const { how, byPod, reason, probe, sentBytes, receivedBytes, durationMs } = closed;
  return {
    type: "redir.connection",
    time: now(),
    ...about,
    servedBy: byPod ? "pod" : "local",
    ...(reason === "" ? {} : { reason }),
    ended: endings[how],
    ...(probe ? { probe } : {}),
    sentBytes: Number(sentBytes),
    receivedBytes: Number(receivedBytes),
    durationMs: rounded(durationMs),
    ...(connectMs === undefined ? {} : { connectMs: rounded(connectMs) }),
  };
}

/** Reports a connection that ended because the connection to the manager was lost or closed. */
export function lostEvent({ about, since, traffic, connectMs }: OpenConnection): RedirConnection {
  return {
    type: "redir.connection",
    time: now(),
    ...about,
    servedBy: "local",
    ended: "lost",
    sentBytes: traffic.sent,
    receivedBytes: traffic.received,
    durationMs: rounded(performance.now() - since),
    ...(connectMs === undefined ? {} : { connectMs: rounded(connectMs) }),
  };
}

/** Reports the byte counts that changed since the last event; undefined if none changed. */
export function trafficEvent(pod: PodName, open: Iterable<OpenConnection>): RedirTraffic | undefined {
  const connections: RedirTraffic["connections"] = [];
  for (const one of open) {
    const { sent, received } = one.traffic;
    if (sent + received === one.reportedBytes) continue;
    one.reportedBytes = sent + received;
    connections.push({ connection: one.about.connection, sentBytes: sent, receivedBytes: received });
  }
  return connections.length === 0 ? undefined : { type: "redir.traffic", time: now(), ...pod, connections };
}

/** Rounds to a microsecond. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
