/** A line of fping's output in count or loop mode (fping 5.1 to 5.5, with -D and without -n, -d or -A). */
export type FpingLine =
  /** A reply; `rttMs` as printed, three significant digits. `at` is in milliseconds since 1970. */
  | { kind: "reply"; at?: number; target: string; seq: number; rttMs: number }
  | { kind: "timeout"; at?: number; target: string; seq: number }
  /** Printed outside count and loop mode only, up to 5.1 at least: in these modes fping is silent about unsent packets. */
  | { kind: "sendError"; target: string; reason: string }
  /** An ICMP error that was received. "timed out" follows for the same packet. */
  | { kind: "icmp"; target: string; reason: string }
  /** The totals of a target: `sent` counts packets answered, timed out or not sendable, but not those in flight. */
  | { kind: "total"; target: string; sent: number; received: number }
  /** `NAME: words`, printed at startup: the name does not resolve, if NAME is a target. */
  | { kind: "about"; target: string; words: string }
  | { kind: "other"; text: string };

const probe = /^(?:\[(\d+\.\d+)\] )?(\S+) +: \[(\d+)\], (?:timed out|\d+ bytes, (\S+) ms)/;
const total = /^(\S+) +: xmt\/rcv\/%(?:loss|return) = (\d+)\/(\d+)\//;
const icmp = /^(ICMP.* from \S+) for ICMP Echo sent to (\S+)/;
const about = /^(\S+): (?:(error while sending ping: )?)(.+)$/;
/** Printed to stderr without a line end when another address answers than the one pinged. */
const answeredBy = /^(?: \[<- [^\]]*\])+/;

export function parseFpingLine(line: string): FpingLine {
  const text = line.replace(answeredBy, "");
  let found = probe.exec(text);
  if (found) {
    const [, seconds, target = "", seq, rtt] = found;
    const common = {
      target,
      seq: Number(seq),
      ...(seconds === undefined ? {} : { at: Number(seconds) * 1000 }),
    };
    return rtt === undefined ? { kind: "timeout", ...common } : { kind: "reply", ...common, rttMs: Number(rtt) };
  }
  found = total.exec(text);
  if (found) return { kind: "total", target: found[1] ?? "", sent: Number(found[2]), received: Number(found[3]) };
  found = icmp.exec(text);
  if (found) return { kind: "icmp", target: found[2] ?? "", reason: found[1] ?? "" };
  found = about.exec(text);
  if (!found) return { kind: "other", text };
  const [, target = "", sending, words = ""] = found;
  return sending === undefined ? { kind: "about", target, words } : { kind: "sendError", target, reason: words };
}
