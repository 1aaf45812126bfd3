/** A line of iputils' ping (20240905, with -n, -O and -D). */
export type PingLine =
  /** `icmpSeq` counts from 1 and has 16 bits. `at` is in milliseconds since 1970. */
  | { kind: "reply"; at: number; icmpSeq: number; rttMs: number }
  /** Printed when the next packet is about to be sent: a reply may still come. */
  | { kind: "noAnswer"; at: number; icmpSeq: number }
  /** An ICMP error that was received. */
  | { kind: "error"; at: number; icmpSeq: number; reason: string }
  /** The totals. `sent` includes packets that could not be sent: without NET_RAW ping does not distinguish them. */
  | { kind: "total"; sent: number }
  /** `ping: SUBJECT: words`: a name that does not resolve, or a call that failed. */
  | { kind: "about"; subject: string; words: string }
  | { kind: "other"; text: string };

const reply = /^\[(\d+\.\d+)\] \d+ bytes from .*: icmp_seq=(\d+) .*time=([\d.]+) ms/;
const noAnswer = /^\[(\d+\.\d+)\] no answer yet for icmp_seq=(\d+)/;
const error = /^\[(\d+\.\d+)\] From (\S+?):? icmp_seq=(\d+) (.+)$/;
const total = /^(\d+) packets transmitted, \d+ received/;
const about = /^ping: (\S+): (.+)$/;

export function parsePingLine(line: string): PingLine {
  let found = reply.exec(line);
  if (found) return { kind: "reply", at: Number(found[1]) * 1000, icmpSeq: Number(found[2]), rttMs: Number(found[3]) };
  found = noAnswer.exec(line);
  if (found) return { kind: "noAnswer", at: Number(found[1]) * 1000, icmpSeq: Number(found[2]) };
  found = error.exec(line);
  if (found) {
    const [, seconds, from, icmpSeq, words] = found;
    return { kind: "error", at: Number(seconds) * 1000, icmpSeq: Number(icmpSeq), reason: `${words} from ${from}` };
  }
  found = total.exec(line);
  if (found) return { kind: "total", sent: Number(found[1]) };
  found = about.exec(line);
  return found ? { kind: "about", subject: found[1] ?? "", words: found[2] ?? "" } : { kind: "other", text: line };
}

/** Returns the full sequence number nearest to `newest`, as ping prints only the last 16 bits. */
export function unwrap(printed: number, newest: number): number {
  const ahead = ((printed - newest) % 0x10000 + 0x10000) % 0x10000;
  return newest + (ahead < 0x8000 ? ahead : ahead - 0x10000);
}
