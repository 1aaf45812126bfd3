/**
 * Tables of the older of the kernel's two interfaces for iptables, see linux/netfilter_ipv4/ip_tables.h and its IPv6
 * counterpart. Parsed here because iptables-legacy-save insists on a raw socket, which needs one more right than reading the
 * tables. Pure.
 */
import { AF_INET, ipv6Text } from "./address.ts";

/** A table as the kernel returns it: IPT_SO_GET_INFO, and IPT_SO_GET_ENTRIES without its header. */
export interface LegacyTable {
  info: Uint8Array;
  entries: Uint8Array;
}

/** Length of `info`, and the offset of the length of the entries in it. */
export const infoLength = 84, infoSizeAt = 80;
const hooks = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];
const protocols: Readonly<Record<number, string>> = { 6: "tcp", 17: "udp" };
const verdicts: Readonly<Record<number, string>> = { [-1]: "DROP", [-2]: "ACCEPT", [-5]: "RETURN" };
const GOTO = 2, NAME = 29;

/** Offsets in an entry; matches and the target follow each other from `length` on. */
const layouts = {
  4: { address: 4, interfaces: 16, protocol: 80, inverted: 83, target: 88, next: 90, length: 112 },
  6: { address: 16, interfaces: 64, protocol: 128, inverted: 132, target: 140, next: 142, length: 168 },
} as const;

/**
 * Returns the rules as iptables-save prints them, as far as they matter to a mesh; of unknown matches and targets only the
 * name.
 */
export function legacyRules({ info, entries }: LegacyTable, family: number): string[] {
  const layout = layouts[family === AF_INET ? 4 : 6], table = viewOf(entries), about = viewOf(info);
  const at: number[] = [];
  for (
    let start = 0;
    start < entries.length;
    start += Math.max(table.getUint16(start + layout.next, true), layout.length)
  ) {
    at.push(start);
  }
  const target = (start: number) => start + table.getUint16(start + layout.target, true);
  const isHead = (start: number) => textAt(entries, target(start) + 2, NAME) === "ERROR";
  // Chains by the offset of their first rule: the kernel's built-in chains and the others.
  const chains = new Map<number, string>(), policies = new Set<number>();
  hooks.forEach((name, hook) => {
    if ((about.getUint32(32, true) & 1 << hook) === 0) return;
    chains.set(about.getUint32(36 + hook * 4, true), name);
    policies.add(about.getUint32(56 + hook * 4, true));
  });
  at.forEach((start, index) => {
    if (isHead(start)) chains.set(at[index + 1] ?? entries.length, textAt(entries, target(start) + 32, NAME + 1));
  });
  let chain = "";
  return at.flatMap((start, index) => {
    const next = at[index + 1] ?? entries.length;
    chain = chains.get(start) ?? chain;
    // A chain ends with an implicit rule.
    if (isHead(start) || policies.has(start) || (chain !== "" && next < entries.length && isHead(next))) return [];
    const to = targetText(
      entries,
      target(start),
      family,
      (verdict) => verdict === next ? "" : chains.get(verdict) ?? "?",
    );
    const jump = (table.getUint8(start + layout.inverted - 1) & GOTO) === 0 ? "-j" : "-g";
    const words = [
      ...addressWords(entries.subarray(start, start + layout.length), family, layout),
      ...matchWords(entries.subarray(start + layout.length, target(start))),
      ...(to === "" ? [] : [jump, to]),
    ];
    return [`-A ${chain} ${words.join(" ")}`];
  });
}

/** Returns addresses, interfaces and protocol in the order of iptables-save. */
function addressWords(entry: Uint8Array, family: number, layout: (typeof layouts)[4 | 6]): string[] {
  const { address, interfaces, protocol, inverted } = layout, view = viewOf(entry);
  const not = (bit: number) => (entry[inverted]! & bit) === 0 ? "" : "! ";
  const network = (option: string, place: number, bit: number) => {
    const mask = entry.subarray((2 + place) * address, (3 + place) * address);
    const ones = mask.reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0);
    const value = entry.subarray(place * address, (place + 1) * address), words = viewOf(value);
    const text = family === AF_INET
      ? value.join(".")
      : ipv6Text(Array.from({ length: 8 }, (_, index) => words.getUint16(index * 2)));
    return ones === 0 ? [] : [`${not(bit)}${option} ${text}/${ones}`];
  };
  const device = (option: string, place: number, bit: number) => {
    const name = textAt(entry, interfaces + place * 16, 16);
    return name === "" ? [] : [`${not(bit)}${option} ${name}`];
  };
  const number = view.getUint16(protocol, true);
  return [
    ...network("-s", 0, 8),
    ...network("-d", 1, 16),
    ...device("-i", 0, 1),
    ...device("-o", 1, 2),
    ...(number === 0 ? [] : [`${not(64)}-p ${protocols[number] ?? number}`]),
  ];
}

function matchWords(bytes: Uint8Array): string[] {
  const words: string[] = [], view = viewOf(bytes);
  for (let start = 0; start < bytes.length; start += Math.max(view.getUint16(start, true), 32)) {
    const name = textAt(bytes, start + 2, NAME), data = start + 32;
    words.push(`-m ${name}`);
    if (name === "owner") words.push(...ownerWords(view, data));
    else if (name === "tcp" || name === "udp") {
      const inverted = view.getUint8(data + (name === "tcp" ? 11 : 8));
      ["--sport", "--dport"].forEach((option, index) => {
        const first = view.getUint16(data + index * 4, true), last = view.getUint16(data + index * 4 + 2, true);
        if (first === 0 && last === 65535) return;
        words.push(
          `${(inverted & 1 << index) === 0 ? "" : "! "}${option} ${first === last ? first : `${first}:${last}`}`,
        );
      });
    }
  }
  return words;
}

function ownerWords(view: DataView, data: number): string[] {
  const match = view.getUint8(data + 16), inverted = view.getUint8(data + 17);
  return ["--uid-owner", "--gid-owner"].flatMap((option, index) => {
    if ((match & 1 << index) === 0) return [];
    const first = view.getUint32(data + index * 8, true), last = view.getUint32(data + index * 8 + 4, true);
    return [`${(inverted & 1 << index) === 0 ? "" : "! "}${option} ${first === last ? first : `${first}-${last}`}`];
  });
}

/** Returns the target of a rule; "" for a rule that only counts. */
function targetText(bytes: Uint8Array, start: number, family: number, chainAt: (offset: number) => string): string {
  const view = viewOf(bytes), name = textAt(bytes, start + 2, NAME), data = start + 32;
  if (name === "") {
    const verdict = view.getInt32(data, true);
    return verdict < 0 ? verdicts[verdict] ?? `${verdict}` : chainAt(verdict);
  }
  if (name !== "REDIRECT") return name;
  const port = view.getUint16(data + (family === AF_INET ? 16 : 36));
  return port === 0 ? name : `${name} --to-ports ${port}`;
}

function textAt(bytes: Uint8Array, start: number, length: number): string {
  const [text = ""] = new TextDecoder().decode(bytes.subarray(start, start + length)).split("\0");
  return text;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
