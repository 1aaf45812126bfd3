import type { Cycles } from "./cycles.ts";
import type { Direction } from "../../event.ts";

/** A port whose connections are redirected to this machine, and their local port. */
export interface RedirectedPort {
  port: number;
  localPort: number;
}

/** A requested port: its number, or its name in a pod or a service. */
export interface RequestedPort {
  port: number | string;
  /** Default: the number of `port`. */
  localPort?: number;
}

/** A redirect as typed, before port names are resolved for a pod. */
export interface RequestedRedirect extends Omit<RedirectPlan, "incoming"> {
  incoming: readonly RequestedPort[] | "all";
}

/** The parameters of a redirect. */
export interface RedirectPlan {
  /** `all`: every port that the pod listens on, each to the same port of this machine. */
  incoming: readonly RedirectedPort[] | "all";
  outgoing: readonly RedirectedPort[];
  /** Destination host of the connections, by default localhost. */
  to: string;
  /** With `all`: only the ports of the named container. */
  ownContainer: boolean;
  /** The original destination answers, and this machine gets a copy of the bytes sent to it. */
  mirror: boolean;
  /** Redirects connections before a service mesh's sidecar, not behind it. */
  raw: boolean;
  /** Ends connections that were open before the redirect. */
  cut: boolean;
  /** Takes over ports that another client redirects. */
  takeover: boolean;
  /** Destination of probes in the pod's spec: the pod, or this machine like all other connections. */
  probes: "pod" | "local";
}

export interface RedirectCall {
  plan: RedirectPlan;
  /** User who redirects, as user@host. */
  owner: string;
  /** Id of this run of the program. It may reconnect while the manager still holds its previous redirect. */
  session: string;
  signal: AbortSignal;
  /** Detects connections that lead back to a pod of this run. */
  cycles: Cycles;
}

/** Returns the local destination of a connection, for example `localhost:8089`. */
export function localAddress(
  plan: Pick<RedirectPlan, "incoming" | "outgoing" | "to">,
  direction: Direction,
  port: number,
): string {
  const ports = plan[direction];
  const localPort = ports === "all" ? port : ports.find((of) => of.port === port)?.localPort ?? port;
  return plan.to.includes(":") ? `[${plan.to}]:${localPort}` : `${plan.to}:${localPort}`;
}
