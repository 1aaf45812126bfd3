import { commentText, firstPriority, leaseMs, newConnection } from "./rules.ts";

/** The rules that lead connections around a sidecar, in the language of nft(8), and what nft says of them. Pure. */

/**
 * The kernel asks the chains of all tables in this order who changes a connection's address, and stops at the first that
 * does: behind redirects, which go on to work, and before iptables and service meshes (-100).
 */
export const bypassPriority = firstPriority + 5;

export interface BypassRules {
  table: string;
  /** Of the destination; none: all. */
  ports: readonly number[];
  /** DNS queries by UDP, too. */
  dns: boolean;
  /** Whose connections the sidecar does not take, as they are its own. */
  users: readonly number[];
  groups: readonly number[];
  /** As user@host. */
  owner: string;
}

/** Families for which the bypass holds: elements time out, so that the kernel ends it by itself. */
const held = "bypass", families = ["ipv4", "ipv6"];
const counter = "around";

/**
 * Makes the table, which does nothing until there is a lease. A connection's own address counts as a change as well: what
 * would take the connection later is not asked any more, whoever made it and by which program.
 */
export function bypassTableText(rules: BypassRules, owned: boolean): string {
  const { table, ports, dns, users, groups, owner } = rules;
  const pass = (what: string, ids: readonly number[]) =>
    ids.length === 0 ? [] : [`${what} { ${ids.join(", ")} } return;`];
  const toPorts = ports.length === 0 ? "" : `tcp dport { ${ports.join(", ")} } `;
  return [
    `table inet ${table} {`,
    ...(owned ? ["flags owner;"] : []),
    `set ${held} { type nf_proto; flags timeout; comment "${commentText(owner)} ${bypassPriority}"; };`,
    `counter ${counter} { };`,
    "chain direct { dnat ip to ip daddr; dnat ip6 to ip6 daddr; };",
    "chain leased {",
    `${newConnection} ${toPorts}counter name ${counter} jump direct;`,
    ...(dns ? ["udp dport 53 jump direct;"] : []),
    "};",
    "chain output {",
    `type nat hook output priority ${bypassPriority};`,
    "oif lo return;",
    ...pass("meta skuid", users),
    ...pass("meta skgid", groups),
    `meta nfproto @${held} jump leased;`,
    "};",
    "}",
  ].join(" ");
}

/** Lets it work for some more time, in one transaction: an element's time cannot be set anew. */
export function bypassLeaseText({ table }: Pick<BypassRules, "table">, milliseconds = leaseMs): string {
  const elements = (what: (family: string) => string) => `inet ${table} ${held} { ${families.map(what).join(", ")} }`;
  const add = `add element ${elements((family) => `${family} timeout ${milliseconds}ms`)}`;
  return [add, `delete element ${elements(String)}`, add].join("; ");
}

/** Stops it; the table stays, with its count. */
export function bypassReleaseText({ table }: Pick<BypassRules, "table">): string {
  return `flush set inet ${table} ${held}`;
}

/** Lists what `aroundCount` reads. */
export function countText({ table }: Pick<BypassRules, "table">): string {
  return `list counter inet ${table} ${counter}`;
}

/** How many connections have gone around, of the JSON that nft prints for that. */
export function aroundCount(json: string): number {
  const { nftables } = JSON.parse(json) as { nftables: { counter?: { packets: number } }[] };
  return nftables.find((one) => one.counter !== undefined)?.counter?.packets ?? 0;
}
