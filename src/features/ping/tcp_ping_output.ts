/** A line of helpers/tcp_ping.ts, without its label. */
export type TcpPingLine =
  /** A reply, from an open or a closed port. `seq` counts from 0, `at` is in milliseconds since 1970. */
  | { kind: "reply"; at: number; seq: number; rttMs: number }
  | { kind: "lost"; at: number; seq: number; reason?: string }
  | { kind: "unsent"; at: number; seq: number; reason: string }
  | { kind: "unresolved"; words: string }
  | { kind: "other"; text: string };

const ping = /^\[(\d+\.\d+)\] tcp_seq=(\d+) (?:time=([\d.]+) ms (?:open|refused)|(no answer)|(lost|unsent): (.+))$/;
const unresolved = /^cannot resolve: (.+)$/;

export function parseTcpPingLine(line: string): TcpPingLine {
  const found = ping.exec(line);
  if (found) {
    const [, seconds, seq, time, , outcome, reason = ""] = found;
    const common = { at: Number(seconds) * 1000, seq: Number(seq) };
    if (time !== undefined) return { kind: "reply", ...common, rttMs: Number(time) };
    if (outcome === "unsent") return { kind: "unsent", ...common, reason };
    return { kind: "lost", ...common, ...(outcome === "lost" ? { reason } : {}) };
  }
  const words = unresolved.exec(line)?.[1];
  return words === undefined ? { kind: "other", text: line } : { kind: "unresolved", words };
}
