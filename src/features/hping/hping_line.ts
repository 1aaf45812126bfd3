import { defined } from "../../lib/defined.ts";

/** A line of hping3's output (hping3 3.0.0-alpha-2, without -V). */
export type HpingLineRead =
  | ({ kind: "reply" } & HpingFields)
  /** An ICMP error that was received; its sequence number may follow on a separate line. */
  | { kind: "icmp"; from: string; icmp: string }
  /** The line after an ICMP error. */
  | { kind: "about"; seq?: number; rttMs?: number }
  | { kind: "sent"; sent: number; received: number }
  | { kind: "times"; minMs: number; avgMs: number; maxMs: number }
  /** `--- 10.0.0.1 hping statistic ---` */
  | { kind: "statistics" }
  | { kind: "unresolved"; host: string }
  | { kind: "other" };

export interface HpingFields {
  from: string;
  seq?: number;
  rttMs?: number;
  lengthBytes?: number;
  ttl?: number;
  sourcePort?: number;
  flags?: string;
  window?: number;
}

const reply = /^len=\d+ ip=\S+ /;
const icmp = /^(?:hop=\d+ )?(?:ICMP )?(.+?) from ip=(\S+)/;
const about = /^status=\d+ port=\d+ seq=\d+|^hop=\d+ hoprtt=/;
const sent = /^(\d+) packets (?:t?ransmitted|tramitted), (\d+) packets received/;
const times = /^round-trip min\/avg\/max = ([\d.]+)\/([\d.]+)\/([\d.]+) ms/;

export function parseHpingLine(line: string): HpingLineRead {
  if (reply.test(line)) return { kind: "reply", ...fields(line) };
  let found = sent.exec(line);
  if (found !== null) return { kind: "sent", sent: Number(found[1]), received: Number(found[2]) };
  found = times.exec(line);
  if (found !== null) {
    return { kind: "times", minMs: Number(found[1]), avgMs: Number(found[2]), maxMs: Number(found[3]) };
  }
  if (/^--- .* hping statistic ---$/.test(line)) return { kind: "statistics" };
  found = /^Unable to resolve '(.*)'$/.exec(line);
  if (found !== null) return { kind: "unresolved", host: found[1] ?? "" };
  if (about.test(line)) {
    const { seq, rttMs } = fields(line);
    return { kind: "about", ...defined({ seq, rttMs }) };
  }
  found = icmp.exec(line);
  return found === null ? { kind: "other" } : { kind: "icmp", icmp: found[1] ?? "", from: found[2] ?? "" };
}

/** Reads `key=value` pairs; hping3 prints more than these, see its manual page. */
function fields(line: string): HpingFields {
  const values = new Map([...line.matchAll(/(\w+)=(\S+)/g)].map(([, key = "", value = ""]) => [key, value]));
  const number = (name: string, ...keys: string[]) => {
    const value = keys.map((key) => values.get(key)).find((text) => text !== undefined);
    return value === undefined || !/^[\d.]+$/.test(value) ? {} : { [name]: Number(value) };
  };
  const flags = values.get("flags");
  return {
    from: values.get("ip") ?? "",
    ...number("seq", "seq", "icmp_seq"),
    ...number("rttMs", "rtt", "hoprtt"),
    ...number("lengthBytes", "len"),
    ...number("ttl", "ttl"),
    ...number("sourcePort", "sport"),
    ...defined({ flags }),
    ...number("window", "win"),
  };
}
