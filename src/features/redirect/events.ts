import type { Timed } from "../../lib/timed.ts";

export type RedirectEvent =
  | RedirStarted
  | RedirOpened
  | RedirConnection
  | RedirTraffic
  | RedirLost
  | RedirResumed
  | RedirCycle
  | RedirLeft
  | RedirSummary
  | BypassStarted
  | BypassTraffic
  | BypassLost
  | BypassResumed
  | BypassSummary;

/** Which connections are redirected: those that come to the pod, or those that its processes make. */
export type Direction = "incoming" | "outgoing";

/** A redirected port. */
export interface RedirPort {
  direction: Direction;
  /** Of the pod, or, for outgoing connections, of whom they go to. */
  port: number;
  /** Where they go instead, as `localhost:8089`. */
  local: string;
  /** Somebody in the pod listens on it; missing for outgoing connections. */
  listening?: boolean;
}

/** From now on connections to these ports come to this machine; again after `redir.lost`. */
export interface RedirStarted extends Timed {
  type: "redir.started";
  namespace: string;
  pod: string;
  ports: RedirPort[];
  /** Connections to these ports that were open before, and stay with the pod. */
  kept: number;
  /** The same that were ended, with `--cut`. */
  cut?: number;
  /** A service mesh's sidecar takes what comes from outside; its connection to the application is what is redirected. */
  mesh?: boolean;
  /** The pod answers, and this machine gets a copy. */
  mirror?: boolean;
}

/** A redirected connection: `from` and `to` are ADDRESS:PORT, an IPv6 address in brackets. */
export interface RedirectedConnection {
  namespace: string;
  pod: string;
  /** Counts from 1, for each pod. */
  connection: number;
  direction: Direction;
  /** Who made it. */
  from: string;
  /** Where it was meant to go. */
  to: string;
  /** Where it goes on this machine. */
  local: string;
}

export interface RedirOpened extends Timed, RedirectedConnection {
  type: "redir.opened";
}

/** How a redirected connection ended. */
export interface RedirConnection extends Timed, RedirectedConnection {
  type: "redir.connection";
  /** Who answered it: `pod` where this machine did not take it, where it was a probe, and with `--mirror`. */
  servedBy: "local" | "pod";
  /** Why the pod answered it, or why it did not end in the ordinary way. */
  reason?: string;
  /** `closed` by both sides, `reset` by one of them, `lost` with the connection to the manager, `failed`: nobody took it. */
  ended: "closed" | "reset" | "lost" | "failed";
  /** It was a probe of the kubelet. */
  probe?: boolean;
  /** From who made it. */
  sentBytes: number;
  /** To who made it. */
  receivedBytes: number;
  durationMs: number;
  /** How long the local application took to accept it. */
  connectMs?: number;
}

/** What open connections have carried so far, once a second where something changed. */
export interface RedirTraffic extends Timed {
  type: "redir.traffic";
  namespace: string;
  pod: string;
  /** Those that carried something since the last time. */
  connections: { connection: number; sentBytes: number; receivedBytes: number }[];
}

/** The connection to the manager was lost: new connections go to the pod, and scope tries to come back. */
export interface RedirLost extends Timed {
  type: "redir.lost";
  namespace: string;
  pod: string;
  reason: string;
}

/** It is back, and `redir.started` follows. */
export interface RedirResumed extends Timed {
  type: "redir.resumed";
  namespace: string;
  pod: string;
  afterMs: number;
}

/** Connections that go to a local address come back to the pod: for some seconds the pod answers them, then it is tried again. */
export interface RedirCycle extends Timed {
  type: "redir.cycle";
  namespace: string;
  pod: string;
  direction: Direction;
  port: number;
  local: string;
  /** The program that listens there, and its pid; missing where this machine does not tell. */
  program?: string;
  pid?: number;
}

/** A pod is redirected no more: it has gone, or somebody else took over. */
export interface RedirLeft extends Timed {
  type: "redir.left";
  namespace: string;
  pod: string;
  reason: string;
}

/** What went over one port, at the end. */
export interface RedirSummary extends Timed {
  type: "redir.summary";
  namespace: string;
  pod: string;
  direction: Direction;
  port: number;
  connections: number;
  /** Of these, answered by the pod. */
  toPod: number;
  /** Of these, neither closed in the ordinary way nor a probe. */
  broken: number;
  sentBytes: number;
  receivedBytes: number;
  /** How long the local application took to accept, over those that it did. */
  connectP50Ms?: number;
  connectMaxMs?: number;
}

/** From now on new connections that the pod makes go around its sidecar; again after `bypass.lost`. */
export interface BypassStarted extends Timed {
  type: "bypass.started";
  namespace: string;
  pod: string;
  mesh: "istio";
  /** Ports that they go to; none: all. */
  ports: number[];
  /** Where the mesh's rules lead connections of the pod. */
  sidecarPort: number;
  /** The sidecar takes DNS queries, too, and they go around it as well. */
  dns: boolean;
  /** Connections through the sidecar that were open before, and stay as they are. */
  kept: number;
}

/** How many connections went around the sidecar since `bypass.started`; at most once a second, where that has changed. */
export interface BypassTraffic extends Timed {
  type: "bypass.traffic";
  namespace: string;
  pod: string;
  connections: number;
}

/** The connection to the manager was lost: new connections go through the sidecar, and scope tries to come back. */
export interface BypassLost extends Timed {
  type: "bypass.lost";
  namespace: string;
  pod: string;
  reason: string;
}

/** It is back, and `bypass.started` follows. */
export interface BypassResumed extends Timed {
  type: "bypass.resumed";
  namespace: string;
  pod: string;
  afterMs: number;
}

/** The end of a bypass: new connections go through the sidecar again. */
export interface BypassSummary extends Timed {
  type: "bypass.summary";
  namespace: string;
  pod: string;
  /** How many went around it in all; of the last second before a lost connection, some may be missing. */
  connections: number;
  /** From the first `bypass.started`. */
  durationMs: number;
}
