import type { RedirectStart } from "../../protocol/gen/manager_pb.ts";
import type { TcpSocketSeen } from "../../../lib/proc.ts";
import { listeningPortsOf } from "../process_list.ts";
import { sidecarUsers } from "./mesh.ts";
import type { Network } from "./network.ts";
import type { Ports } from "./rules.ts";

/**
 * Returns the listening ports of a pod, ascending, without the listeners of redirects, and those of them that a redirect of
 * all ports takes.
 */
export function listeningPorts(
  network: Network,
  { target, ownContainer, allIncoming }: Pick<RedirectStart, "target" | "ownContainer" | "allIncoming">,
  mesh: boolean,
  scopeOwn: readonly number[],
): { all: number[]; named: number[] } {
  const listening = network.sockets().filter(({ state, localPort }) =>
    state === "listening" && !scopeOwn.includes(localPort)
  );
  const ascending = (ports: Iterable<number>) => [...new Set(ports)].sort((a, b) => a - b);
  const all = ascending(listening.map(({ localPort }) => localPort));
  const ownPorts = allIncoming && ownContainer ? listeningPortsOf(target?.containerId ?? "") : undefined;
  const named = listening.filter(({ localPort, uid }) =>
    (ownPorts === undefined || ownPorts.has(localPort)) && !(mesh && sidecarUsers.includes(uid))
  );
  return { all, named: ascending(named.map(({ localPort }) => localPort)) };
}

/** Counts the open connections over these ports. A connection within the pod counts by its accepting side. Pure. */
export function keptConnections(sockets: readonly TcpSocketSeen[], { incoming, outgoing }: Ports): number {
  return sockets.filter(({ state, localPort, remotePort, remoteLoopback }) =>
    state === "established" &&
    (incoming.includes(localPort) || (outgoing.includes(remotePort) && !remoteLoopback))
  ).length;
}

/**
 * Connections over the pod's own loopback are never redirected; ss applies 127.0.0.0/8 to IPv4-mapped IPv6 addresses, too.
 */
const overLoopback = "dst 127.0.0.0/8 or dst [::1]";

/** Returns the filter of ss(8) for the connections that keptConnections counts. Pure. */
export function keptFilter({ incoming, outgoing }: Ports): string {
  return [
    ...incoming.map((port) => `sport = :${port}`),
    ...outgoing.map((port) => `( dport = :${port} and not ( ${overLoopback} ) )`),
  ].join(" or ");
}

/** Ends the open connections over these ports; returns their number. */
export async function cutConnections(enter: readonly string[], ports: Ports): Promise<number> {
  const [program = "", ...args] = [...enter, "ss", "-KHtn", "state", "established", keptFilter(ports)];
  const { stdout } = await new Deno.Command(program, { args, stdin: "null", stderr: "null" }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "").length;
}

/**
 * Deletes the conntrack entries of connections that were redirected to these listeners. While such an entry exists, a new
 * connection from the same port goes to the listener, whatever the rules are: for ten seconds after a reset by the
 * listener's side.
 *
 * `closed`: deletes only the entries of connections that were reset. No packet of such a connection is missed, while another
 * entry may belong to a connection that has just been accepted.
 */
export async function forgetConnections(
  enter: readonly string[],
  listeners: readonly number[],
  { closed }: { closed: boolean },
): Promise<void> {
  await Promise.all(listeners.map(async (port) => {
    const [program = "", ...args] = [...enter, "conntrack", "-D", "-p", "tcp", "--reply-port-src", `${port}`];
    const state = closed ? ["--state", "CLOSE"] : [];
    const command = new Deno.Command(program, {
      args: [...args, ...state],
      ...{ stdin: "null", stdout: "null", stderr: "null" } as const,
    });
    await command.output().catch(() => {}); // without conntrack the entries expire
  }));
}
