import type { Cycles } from "./cycles.ts";
import { ScopeError } from "./errors.ts";
import type { Direction } from "./event.ts";

/** A port whose connections come to this machine, and the local port they go to. */
export interface RedirectedPort {
  port: number;
  localPort: number;
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
  probes: "pod" | "laptop";
}

/** A probe of a pod's spec that comes over the network. */
export interface NetworkProbe {
  kind: "http" | "https" | "tcp" | "grpc";
  port: number;
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

/**
 * Reads `[port[:localport]]…`.
 *
 * Throws ScopeError (usage).
 */
export function parsePorts(texts: readonly string[], direction: Direction): RedirectedPort[] {
  const ports = texts.map(parsePort);
  const twice = ports.find(({ port }, index) => ports.findIndex((other) => other.port === port) < index);
  if (twice !== undefined) {
    throw new ScopeError("usage", `Port ${twice.port} is given twice`, { hint: "give each port once" });
  }
  if (ports.length === 0 && direction === "outgoing") {
    throw new ScopeError("usage", "Option --outgoing needs the ports whose connections are redirected", {
      hint: "give them, as in: scope -p web redir --outgoing 5432",
    });
  }
  return ports;
}

function parsePort(text: string): RedirectedPort {
  const [port = "", localPort = port, ...more] = text.split(":");
  const isPort = (part: string) => /^\d{1,5}$/.test(part) && Number(part) >= 1 && Number(part) <= 65535;
  if (more.length > 0 || !isPort(port) || !isPort(localPort)) {
    throw new ScopeError("usage", `Port "${text}" is none`, {
      hint: "it is PORT or PORT:LOCALPORT, each a number from 1 to 65535, as in 8080:8089",
    });
  }
  return { port: Number(port), localPort: Number(localPort) };
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
