/** A packet: its sequence number for its target, and the time it was sent, in milliseconds since the epoch. */
export interface Sent {
  target: string;
  seq: number;
  at: number;
}

/**
 * Returns the number of packets sent at most `toleranceMs` after their time. A target's packets are due every `intervalMs`,
 * counted from its most punctual one, so that one late packet does not make the others early.
 */
export function punctual(packets: readonly Sent[], intervalMs: number, toleranceMs: number): number {
  const starts = new Map<string, number>();
  const startOf = ({ seq, at }: Sent) => at - seq * intervalMs;
  for (const packet of packets) {
    starts.set(packet.target, Math.min(starts.get(packet.target) ?? Infinity, startOf(packet)));
  }
  return packets.filter((packet) => startOf(packet) - starts.get(packet.target)! <= toleranceMs).length;
}
