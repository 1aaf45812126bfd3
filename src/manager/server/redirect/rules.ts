import type { Direction } from "../../../event.ts";

/** The rules of a redirect, in the language of nft(8), and parsers of nft's output. Pure. */

/** Mark on packets of connections that scope itself makes in the pod: they are never redirected. */
export const passMark = 0x5c0e;

/**
 * Priorities before those of iptables and of service meshes (-100). A redirect that takes over a port precedes the rules of
 * the former holder; NAT is possible only from -200 on.
 */
export const firstPriority = -110, leastPriority = -199;

/** Duration of a lease, in milliseconds: the kernel stops redirecting a port when the lease is not renewed. */
export const leaseMs = 2800;

export interface Rules {
  table: string;
  priority: number;
  /** Listening port of redirected connections, for each direction in use. */
  listeners: Readonly<Partial<Record<Direction, number>>>;
  /** The user, as user@host. */
  owner: string;
  /** Session of the client's run. */
  session: string;
  /** Redirects only connections over the pod's own loopback, because a mesh's sidecar captures the rest. */
  loopbackOnly: boolean;
}

export interface Ports {
  incoming: readonly number[];
  outgoing: readonly number[];
}

/** The first packet of a connection. */
export const newConnection = "tcp flags & (fin|syn|rst|ack) == syn";

/**
 * Returns the commands that create the table, without ports. Only the first packet of a connection is examined: otherwise
 * connections that were open before would be reset, because the next packet of an untracked connection counts as new.
 */
export function tableText({ table, priority, listeners, owner, session, loopbackOnly }: Rules, owned: boolean): string {
  // The comment contains the listener as well, because the listener remains for a while after the map is empty.
  const map = (name: Direction) =>
    `map ${name} { type inet_service : inet_service; flags timeout; comment "${
      [commentText(owner), priority, commentText(session), listeners[name] ?? ""].join(" ").trimEnd()
    }"; };`;
  return [
    `table inet ${table} {`,
    ...(owned ? ["flags owner;"] : []),
    map("incoming"),
    map("outgoing"),
    "chain prerouting {",
    `type nat hook prerouting priority ${priority};`,
    ...(loopbackOnly ? [] : [`${newConnection} redirect to :tcp dport map @incoming;`]),
    "};",
    "chain output {",
    `type nat hook output priority ${priority};`,
    `meta mark ${passMark} return;`,
    `oif lo ${newConnection} redirect to :tcp dport map @incoming;`,
    `oif != lo ${newConnection} redirect to :tcp dport map @outgoing;`,
    "};",
    "chain guard {",
    "type filter hook input priority 0;",
    `tcp dport { ${Object.values(listeners).join(", ")} } ct status & dnat == 0 reject with tcp reset;`,
    "};",
    "}",
  ].join(" ");
}

/**
 * Returns the commands that renew the lease of all ports, in one transaction: the timeout of an element cannot be changed.
 */
export function leaseText({ table, listeners }: Rules, ports: Ports, milliseconds = leaseMs): string {
  return directions.flatMap((direction) => {
    const listener = listeners[direction];
    if (listener === undefined || ports[direction].length === 0) return [];
    const elements = (what: (port: number) => string) =>
      `inet ${table} ${direction} { ${ports[direction].map(what).join(", ")} }`;
    const add = `add element ${elements((port) => `${port} timeout ${milliseconds}ms : ${listener}`)}`;
    return [add, `delete element ${elements(String)}`, add];
  }).join("; ");
}

/** Returns the commands that release all ports. */
export function releaseText({ table }: Rules): string {
  return directions.map((direction) => `flush map inet ${table} ${direction}`).join("; ");
}

const directions = ["incoming", "outgoing"] as const;

/** Returns a text for a comment of nft, which has no escapes. */
export function commentText(text: string): string {
  return text.replace(/[^\w.@+-]/g, "_").slice(0, 60) || "somebody";
}

/** A map of a redirect, from the output of `list maps`. */
export interface HeldMap {
  table: string;
  direction: Direction;
  owner: string;
  priority: number;
  session: string;
  ports: number[];
  /** Listening ports of the redirected connections, present or former. */
  listeners: number[];
}

const tablePattern = /^scope(_\w+)?$/;

/** Returns the redirects in a network, including this manager's, from the JSON that nft prints for `list maps`. */
export function heldMaps(json: string): HeldMap[] {
  const { nftables } = JSON.parse(json) as { nftables: { map?: ListedMap }[] };
  return nftables.flatMap(({ map }) => {
    if (map === undefined || map.family !== "inet" || !tablePattern.test(map.table)) return [];
    const direction = directions.find((direction) => direction === map.name);
    if (direction === undefined) return [];
    const [owner = "somebody", priority = `${firstPriority}`, session = "", listener] = map.comment?.split(" ") ?? [];
    const elements = map.elem ?? [];
    return [{
      table: map.table,
      direction,
      owner,
      priority: Number(priority),
      session,
      ports: elements.map(([key]) => typeof key === "number" ? key : key.elem.val),
      listeners: [
        ...new Set([...elements.map(([, to]) => to), ...(listener === undefined ? [] : [Number(listener)])]),
      ],
    }];
  });
}

interface ListedMap {
  family: string;
  table: string;
  name: string;
  comment?: string;
  elem?: [number | { elem: { val: number } }, number][];
}

/** Returns the maps of other redirects that hold some of these ports. */
export function holdersOf(
  maps: readonly HeldMap[],
  { table }: { table: string },
  ports: Ports,
): (HeldMap & { port: number })[] {
  return maps.flatMap((map) => {
    const port = map.ports.find((port) => ports[map.direction].includes(port));
    return map.table === table || port === undefined ? [] : [{ ...map, port }];
  });
}

/** Returns true when the kernel runs the other table first. Of two with equal priority, one has to yield. */
export function precedes(other: HeldMap, { table, priority }: Pick<Rules, "table" | "priority">): boolean {
  return other.priority < priority || (other.priority === priority && other.table < table);
}

/**
 * Returns the tables of scope that have no lease and no owner: those of runs whose manager was killed, if the kernel cannot
 * drop them by itself. `json` is nft's output of `list tables`, and `sets` of `list sets`.
 */
export function abandonedTables(json: string, maps: readonly HeldMap[], sets: string): string[] {
  const { nftables } = JSON.parse(json) as { nftables: { table?: { family: string; name: string; flags?: string } }[] };
  const used = new Set([
    ...maps.filter(({ ports }) => ports.length > 0).map(({ table }) => table),
    ...filledSets(sets),
  ]);
  return nftables.flatMap(({ table }) => {
    if (table === undefined || table.family !== "inet" || !tablePattern.test(table.name)) return [];
    return used.has(table.name) || table.flags?.includes("owner") ? [] : [table.name];
  });
}

/** Returns the tables whose sets have an element: those of active bypasses. */
function filledSets(json: string): string[] {
  const { nftables } = JSON.parse(json) as {
    nftables: { set?: { family: string; table: string; elem?: unknown[] } }[];
  };
  return nftables.flatMap(({ set }) => set?.family === "inet" && (set.elem ?? []).length > 0 ? [set.table] : []);
}
