import { commentText, firstPriority, leaseMs, newConnection } from "./rules.ts";

/** The rules that let connections bypass a sidecar, in the language of nft(8), and parsers of nft's output. Pure. */

/**
 * The kernel runs the NAT chains of all tables by priority, and stops at the first that changes the address: after
 * redirects, which stay effective, and before iptables and service meshes (-100).
 */
export const bypassPriority = firstPriority + 5;

export interface BypassRules {
  table: string;
  /** Destination ports; empty: all. */
  ports: readonly number[];
  /** Includes DNS queries over UDP. */
  dns: boolean;
  /** Users whose connections the sidecar does not capture, because they are its own. */
  users: readonly number[];
  groups: readonly number[];
  /** The user, as user@host. */
  owner: string;
}

/**
 * Set of the address families for which the bypass is active: its elements time out, so that the kernel ends the bypass by
 * itself.
 */
const held = "bypass", families = ["ipv4", "ipv6"];
const counter = "around";

/**
 * Returns the commands that create the table, which has no effect without a lease. Translating a connection to its own
 * address counts as a translation as well: later NAT chains are then skipped, whichever program created them.
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

/** Returns the commands that renew the lease, in one transaction: the timeout of an element cannot be changed. */
export function bypassLeaseText({ table }: Pick<BypassRules, "table">, milliseconds = leaseMs): string {
  const elements = (what: (family: string) => string) => `inet ${table} ${held} { ${families.map(what).join(", ")} }`;
  const add = `add element ${elements((family) => `${family} timeout ${milliseconds}ms`)}`;
  return [add, `delete element ${elements(String)}`, add].join("; ");
}

/** Returns the command that ends the bypass; the table and its counter stay. */
export function bypassReleaseText({ table }: Pick<BypassRules, "table">): string {
  return `flush set inet ${table} ${held}`;
}

/** Returns the command that lists the counter for `aroundCount`. */
export function countText({ table }: Pick<BypassRules, "table">): string {
  return `list counter inet ${table} ${counter}`;
}

/** Returns the number of connections that bypassed the sidecar, from nft's JSON. */
export function bypassCount(json: string): number {
  const { nftables } = JSON.parse(json) as { nftables: { counter?: { packets: number } }[] };
  return nftables.find((one) => one.counter !== undefined)?.counter?.packets ?? 0;
}
