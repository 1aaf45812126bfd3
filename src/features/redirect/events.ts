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

/** Direction of redirected connections: incoming ones come to the pod, outgoing ones are made by its processes. */
export type Direction = "incoming" | "outgoing";

/** A redirected port. */
export interface RedirPort {
  direction: Direction;
  /** Port of the pod, or, for outgoing connections, of their destination. */
  port: number;
  /** Address on this machine that gets the connections, as `localhost:8089`. */
  local: string;
  /** A process in the pod listens on it; missing for outgoing connections. */
  listening?: boolean;
}

/** Connections to these ports are redirected to this machine from now on; sent again after `redir.lost`. */
export interface RedirStarted extends Timed {
  type: "redir.started";
  namespace: string;
  pod: string;
  ports: RedirPort[];
  /** Connections to these ports that were open before, and stay with the pod. */
  kept: number;
  /** Connections to these ports that were open before and were ended, with `--cut`. */
  cut?: number;
  /** A service mesh's sidecar takes connections from outside; its connection to the application is redirected. */
  mesh?: boolean;
  /** The pod answers, and this machine gets a copy. */
  mirror?: boolean;
}

/** A redirected connection: `from` and `to` are ADDRESS:PORT, an IPv6 address in brackets. */
export interface RedirectedConnection {
  namespace: string;
  pod: string;
  /** Number of the connection, from 1, for each pod. */
  connection: number;
  direction: Direction;
  /** Address of the client. */
  from: string;
  /** Original destination. */
  to: string;
  /** Destination on this machine. */
  local: string;
}

export interface RedirOpened extends Timed, RedirectedConnection {
  type: "redir.opened";
}

/** End of a redirected connection. */
export interface RedirConnection extends Timed, RedirectedConnection {
  type: "redir.connection";
  /** Server of the connection: `pod` if this machine did not accept it, for probes, and with `--mirror`. */
  servedBy: "local" | "pod";
  /** Reason why the pod answered it, or why it did not end in the ordinary way. */
  reason?: string;
  /**
   * `closed` by both sides, `reset` by one of them, `lost` with the connection to the manager, `failed`: nobody accepted it.
   */
  ended: "closed" | "reset" | "lost" | "failed";
  /** The connection was a probe of the kubelet. */
  probe?: boolean;
  /** Bytes from the client. */
  sentBytes: number;
  /** Bytes to the client. */
  receivedBytes: number;
  durationMs: number;
  /** Time that the local application took to accept the connection. */
  connectMs?: number;
}

/** Bytes of open connections so far, once a second if something changed. */
export interface RedirTraffic extends Timed {
  type: "redir.traffic";
  namespace: string;
  pod: string;
  /** Connections that carried something since the last event. */
  connections: { connection: number; sentBytes: number; receivedBytes: number }[];
}

/** The connection to the manager was lost: new connections go to the pod, and scope reconnects. */
export interface RedirLost extends Timed {
  type: "redir.lost";
  namespace: string;
  pod: string;
  reason: string;
}

/** scope has reconnected to the manager; `redir.started` follows. */
export interface RedirResumed extends Timed {
  type: "redir.resumed";
  namespace: string;
  pod: string;
  afterMs: number;
}

/**
 * Connections to a local address lead back to the pod in a loop: the pod answers them for some seconds, then scope tries again.
 */
export interface RedirCycle extends Timed {
  type: "redir.cycle";
  namespace: string;
  pod: string;
  direction: Direction;
  port: number;
  local: string;
  /** The program that listens there, and its pid; missing if this machine does not reveal it. */
  program?: string;
  pid?: number;
}

/** A pod is no longer redirected: it has gone, or somebody else took over. */
export interface RedirLeft extends Timed {
  type: "redir.left";
  namespace: string;
  pod: string;
  reason: string;
}

/** Totals of one port, at the end. */
export interface RedirSummary extends Timed {
  type: "redir.summary";
  namespace: string;
  pod: string;
  direction: Direction;
  port: number;
  connections: number;
  /** Connections answered by the pod. */
  toPod: number;
  /** Connections, except probes, that were not closed in the ordinary way. */
  broken: number;
  sentBytes: number;
  receivedBytes: number;
  /** Time that the local application took to accept a connection, over those that it accepted. */
  connectP50Ms?: number;
  connectMaxMs?: number;
}

/** New connections that the pod makes go around its sidecar from now on; sent again after `bypass.lost`. */
export interface BypassStarted extends Timed {
  type: "bypass.started";
  namespace: string;
  pod: string;
  mesh: "istio";
  /** Destination ports; empty for all. */
  ports: number[];
  /** Port to which the mesh's rules redirect connections of the pod. */
  sidecarPort: number;
  /** The sidecar also takes DNS queries, and they go around it as well. */
  dns: boolean;
  /** Connections through the sidecar that were open before, and stay as they are. */
  kept: number;
}

/** Connections that went around the sidecar since `bypass.started`; at most once a second, if the number has changed. */
export interface BypassTraffic extends Timed {
  type: "bypass.traffic";
  namespace: string;
  pod: string;
  connections: number;
}

/** The connection to the manager was lost: new connections go through the sidecar, and scope reconnects. */
export interface BypassLost extends Timed {
  type: "bypass.lost";
  namespace: string;
  pod: string;
  reason: string;
}

/** scope has reconnected to the manager; `bypass.started` follows. */
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
  /** Connections that went around the sidecar in all; some of the last second before a lost connection may be missing. */
  connections: number;
  /** Time from the first `bypass.started`. */
  durationMs: number;
}
