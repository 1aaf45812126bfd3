import type { Direction } from "../../../event.ts";

/** The rules of a redirect, in the language of nft(8), and what nft says of others'. Pure. */

/** On packets of connections that scope itself makes in the pod: they are never redirected. */
export const passMark = 0x5c0e;

/**
 * Before those of iptables and of service meshes (-100). Who takes a port from somebody else stands before that one's rules;
 * network address translation is possible from -200 on only.
 */
export const firstPriority = -110, leastPriority = -199;

/** A lease is given for so long, in milliseconds: the kernel gives a port back when no beat renews it. */
export const leaseMs = 2800;

export interface Rules {
  table: string;
  priority: number;
  /** Where redirected connections arrive, for each direction that has any. */
  listeners: Readonly<Partial<Record<Direction, number>>>;
  /** As user@host. */
  owner: string;
  /** Of the run of the client that this is for. */
  session: string;
  /** Only what comes over the pod's own loopback is taken, as where a mesh's sidecar takes the rest. */
  loopbackOnly: boolean;
}

export interface Ports {
  incoming: readonly number[];
  outgoing: readonly number[];
}

/** The first packet of a connection. */
export const newConnection = "tcp flags & (fin|syn|rst|ack) == syn";

/**
 * Makes the table, with no port in it. Only the first packet of a connection is looked at: otherwise connections that
 * were open before would be reset, as the next packet of one that is not tracked yet counts as new.
 */
export function tableText({ table, priority, listeners, owner, session, loopbackOnly }: Rules, owned: boolean): string {
  // The listener stands in the comment as well: it goes on for a while after the map is empty.
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

/** Gives all ports another lease, in one transaction: an element's time cannot be set anew. */
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

/** Lets go of all ports. */
export function releaseText({ table }: Rules): string {
  return directions.map((direction) => `flush map inet ${table} ${direction}`).join("; ");
}

const directions = ["incoming", "outgoing"] as const;

/** In a comment of nft, which knows no escapes. */
export function commentText(text: string): string {
  return text.replace(/[^\w.@+-]/g, "_").slice(0, 60) || "somebody";
}

/** A map of somebody's redirect, as `list maps` tells. */
export interface HeldMap {
  table: string;
  direction: Direction;
  owner: string;
  priority: number;
  session: string;
  ports: number[];
  /** Where they arrive, or arrived while there were any. */
  listeners: number[];
}

const tablePattern = /^scope(_\w+)?$/;

/** What redirects there are in a network, ours included, of the JSON that nft prints for `list maps`. */
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

/** Others' hold on some of these ports. */
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

/** Whether the kernel asks another table first. Of two that came in the same moment, one has to give way. */
export function standsBefore(other: HeldMap, { table, priority }: Pick<Rules, "table" | "priority">): boolean {
  return other.priority < priority || (other.priority === priority && other.table < table);
}

/**
 * Tables of scope in which no lease holds and that no process owns: those of runs whose manager was killed, where the kernel
 * cannot drop them by itself. `json` is what nft prints for `list tables`, and `sets` for `list sets`.
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

/** The tables of the sets that have an element: those of a bypass that holds. */
function filledSets(json: string): string[] {
  const { nftables } = JSON.parse(json) as {
    nftables: { set?: { family: string; table: string; elem?: unknown[] } }[];
  };
  return nftables.flatMap(({ set }) => set?.family === "inet" && (set.elem ?? []).length > 0 ? [set.table] : []);
}
