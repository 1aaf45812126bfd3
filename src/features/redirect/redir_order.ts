import { type OpenSeen, type PortSeen, rateSeconds, type RedirState, standings } from "./redir_state.ts";

/** Returns bytes per second, both ways, over the last whole seconds before `now` (in milliseconds since 1970). */
export function bytesPerSecond({ flow }: PortSeen, now: number): number {
  const second = Math.floor(now / 1000);
  const counted = flow.filter((one) => one.second < second && one.second >= second - rateSeconds);
  return counted.reduce((sum, { bytes }) => sum + bytes, 0) / rateSeconds;
}

/** Returns the number of all connections of a port, including open ones. */
export function total({ open, ended }: PortSeen): number {
  return open + ended;
}

/** Returns the ports of all pods: lost pods first, then by name, direction and port. */
export function portsInOrder(state: RedirState): PortSeen[] {
  const names = new Intl.Collator("en", { numeric: true });
  return [...state.pods.values()]
    .sort((a, b) =>
      standings.indexOf(a.standing) - standings.indexOf(b.standing) || names.compare(a.namespace, b.namespace) ||
      names.compare(a.pod, b.pod)
    )
    .flatMap(({ ports }) =>
      [...ports.values()].sort((a, b) => names.compare(a.direction, b.direction) || a.port - b.port)
    );
}

/** Returns open connections, of one port or of all: the newest first, or those with most traffic first. */
export function openInOrder(
  state: RedirState,
  { port, busiest, now }: { port: PortSeen | undefined; busiest: boolean; now: number },
): OpenSeen[] {
  const open = [...state.open.values()].filter((one) => port === undefined || one.port === port).reverse();
  if (!busiest) return open;
  const lately = (one: OpenSeen) => now - one.latelyAt < 2000 ? one.lately : 0;
  const carried = (one: OpenSeen) => one.sentBytes + one.receivedBytes;
  return open.sort((a, b) => lately(b) - lately(a) || carried(b) - carried(a));
}
