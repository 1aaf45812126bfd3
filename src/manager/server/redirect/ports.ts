import type { RedirectStart } from "../../protocol/gen/manager_pb.ts";
import type { TcpSocketSeen } from "../../../lib/proc.ts";
import { listeningPortsOf } from "../process_list.ts";
import { sidecarUsers } from "./mesh.ts";
import type { Network } from "./network.ts";
import type { Ports } from "./rules.ts";

/**
 * Ports on which somebody in the pod listens, ascending, without those where redirected connections arrive; and those of
 * them that a redirect of all ports takes.
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
  const own = allIncoming && ownContainer ? listeningPortsOf(target?.containerId ?? "") : undefined;
  const named = listening.filter(({ localPort, uid }) =>
    (own === undefined || own.has(localPort)) && !(mesh && sidecarUsers.includes(uid))
  );
  return { all, named: ascending(named.map(({ localPort }) => localPort)) };
}

/** Connections over these ports that are open. Of one within the pod, the side that was called counts. Pure. */
export function keptConnections(sockets: readonly TcpSocketSeen[], { incoming, outgoing }: Ports): number {
  return sockets.filter(({ state, localPort, remotePort, remoteLoopback }) =>
    state === "established" &&
    (incoming.includes(localPort) || (outgoing.includes(remotePort) && !remoteLoopback))
  ).length;
}

/** Those of the pod's own loopback are never redirected; ss takes 127.0.0.0/8 for the first within IPv6, too. */
const overLoopback = "dst 127.0.0.0/8 or dst [::1]";

/** The connections that keptConnections counts, in ss's words, see ss(8). Pure. */
export function keptFilter({ incoming, outgoing }: Ports): string {
  return [
    ...incoming.map((port) => `sport = :${port}`),
    ...outgoing.map((port) => `( dport = :${port} and not ( ${overLoopback} ) )`),
  ].join(" or ");
}

/** Ends the open connections over these ports; returns how many that were. */
export async function cutConnections(enter: readonly string[], ports: Ports): Promise<number> {
  const [program = "", ...args] = [...enter, "ss", "-KHtn", "state", "established", keptFilter(ports)];
  const { stdout } = await new Deno.Command(program, { args, stdin: "null", stderr: "null" }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "").length;
}

/**
 * Lets the kernel forget connections that were redirected to these listeners. One whose port is used again while the kernel
 * still knows it leads to the listener, whatever the rules say: after a reset by the listener's side for ten seconds.
 *
 * `closed`: only those that were reset. No packet of such a one is missed, while another may belong to a connection that has
 * just been accepted.
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
    await command.output().catch(() => {}); // without conntrack they end by themselves
  }));
}
