import type { Cycles } from "./cycles.ts";
import type { Direction } from "../../event.ts";

/** A port whose connections come to this machine, and the local port they go to. */
export interface RedirectedPort {
  port: number;
  localPort: number;
}

/** A port as it is asked for: by its number, or by the name that a pod or its service gives it. */
export interface AskedPort {
  port: number | string;
  /** Default: the port's own number. */
  localPort?: number;
}

/** The ports as typed, before it is known which ports of a pod they mean. */
export interface RedirectAsked extends Omit<RedirectPlan, "incoming"> {
  incoming: readonly AskedPort[] | "all";
}

/** What is redirected, and how. */
export interface RedirectPlan {
  /** `all`: every port that the pod listens on, each to the same port of this machine. */
  incoming: readonly RedirectedPort[] | "all";
  outgoing: readonly RedirectedPort[];
  /** Host that they go to, by default localhost. */
  to: string;
  /** With `all`: only the ports of the container that was named. */
  ownContainer: boolean;
  /** The original destination answers, and this machine gets a copy of what is sent to it. */
  mirror: boolean;
  /** Before a service mesh's sidecar, not behind it. */
  raw: boolean;
  /** Ends connections that were open before. */
  cut: boolean;
  /** Takes ports that somebody else redirects. */
  takeover: boolean;
  /** Probes of the pod's spec go to the pod, or come to this machine as everything else. */
  probes: "pod" | "local";
}

export interface RedirectCall {
  plan: RedirectPlan;
  /** Who redirects, as user@host. */
  owner: string;
  /** Of this run of the program: it may come back while the manager still holds what it had before. */
  session: string;
  signal: AbortSignal;
  /** Notices what leads back to a pod of this run. */
  cycles: Cycles;
}

/** Where a connection goes on this machine, as `localhost:8089`. */
export function localAddress(
  plan: Pick<RedirectPlan, "incoming" | "outgoing" | "to">,
  direction: Direction,
  port: number,
): string {
  const ports = plan[direction];
  const localPort = ports === "all" ? port : ports.find((of) => of.port === port)?.localPort ?? port;
  return plan.to.includes(":") ? `[${plan.to}]:${localPort}` : `${plan.to}:${localPort}`;
}
