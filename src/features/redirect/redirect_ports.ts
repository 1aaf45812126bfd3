import { ScopeError } from "../../errors.ts";
import type { Direction } from "../../event.ts";
import type { RedirectedPort, RequestedPort } from "../../manager/client/redirect_plan.ts";

/** Limit of redirected ports: each is a rule in the pod that is renewed repeatedly. */
export const mostPorts = 256;

/**
 * Parses `[port[:localport]]…`, where a port is a number, a range of numbers, or a port name of the pod or its service.
 *
 * Throws ScopeError (usage).
 */
export function parsePorts(texts: readonly string[], direction: Direction): RequestedPort[] {
  const ports = texts.flatMap(parsePort);
  assertOnce(ports);
  if (ports.length > mostPorts) {
    throw new ScopeError("usage", `Cannot redirect ${ports.length} ports at once`, {
      hint: `${mostPorts} is the most; without any, all ports that the pod listens on are redirected`,
    });
  }
  if (ports.length === 0 && direction === "outgoing") {
    throw new ScopeError("usage", "Option --outgoing needs the ports whose connections are redirected", {
      hint: "give them, as in: scope -p web redir --outgoing 5432",
    });
  }
  return ports;
}

/** Returns the numbered ports. Throws ScopeError (usage) for a name; `why` tells why names are not allowed here. */
export function numberedPorts(ports: readonly RequestedPort[], why: string): RedirectedPort[] {
  return ports.map(({ port, localPort }) => {
    if (typeof port === "number") return { port, localPort: localPort ?? port };
    throw new ScopeError("usage", `Port "${port}" is no number`, { hint: why });
  });
}

/** Throws ScopeError (usage) if a port is given twice. */
export function assertOnce(ports: readonly RequestedPort[]): void {
  const twice = ports.find(({ port }, index) => ports.findIndex((other) => other.port === port) < index);
  if (twice === undefined) return;
  throw new ScopeError("usage", `Port ${twice.port} is given twice`, { hint: "give each port once" });
}

/** Numbers, ranges, and names by RFC 6335 (5.1), in lower case as in Kubernetes. */
const pattern = /^(?:(\d{1,5})(?:-(\d{1,5}))?|((?=[a-z0-9-]*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*))$/;

function parsePort(text: string): RequestedPort[] {
  const [, plain = "", protocol] = /^(.*?)(?:\/(tcp|udp|sctp))?$/is.exec(text)!;
  if (protocol !== undefined && protocol.toLowerCase() !== "tcp") {
    throw new ScopeError("usage", `Cannot redirect port "${text}": only TCP is redirected`, {
      hint: "give a port of TCP, as in 8080",
    });
  }
  const [remote = "", local, ...more] = plain.split(":");
  const name = pattern.exec(remote)?.[3];
  const ports = rangeOf(remote), locals = local === undefined ? undefined : rangeOf(local);
  const fits = local === undefined || (locals !== undefined && locals.length === (ports?.length ?? 1));
  if (more.length > 0 || !fits || (ports === undefined && (name === undefined || name.length > 15))) {
    throw new ScopeError("usage", `Port "${text}" is none`, {
      hint: "it is PORT or PORT:LOCALPORT, each a number from 1 to 65535, as in 8080:8089; " +
        "PORT may be a name, as http, and both a range, as 8080-8090:9080-9090",
    });
  }
  if (ports === undefined) return [{ port: name!, ...locals === undefined ? {} : { localPort: locals[0]! } }];
  return ports.map((port, index) => ({ port, ...locals === undefined ? {} : { localPort: locals[index]! } }));
}

/** Returns the numbers of `8080` or `8080-8090`; undefined for any other text. */
function rangeOf(text: string): number[] | undefined {
  const [, first, last = first, name] = pattern.exec(text) ?? [];
  if (first === undefined || name !== undefined) return undefined;
  const [from, to] = [Number(first), Number(last)];
  return from < 1 || to > 65535 || to < from ? undefined : Array.from({ length: to - from + 1 }, (_, at) => from + at);
}
