/** Error numbers of errno.h, Linux on x86-64 and arm64. */
const refused: ReadonlySet<number> = new Set([104, 111]); // ECONNRESET, ECONNREFUSED
const local: ReadonlySet<number> = new Set([
  ...[1, 13], // EPERM and EACCES: a firewall of this network forbids it
  ...[22, 97, 99, 100, 101], // EINVAL, EAFNOSUPPORT, EADDRNOTAVAIL, ENETDOWN, ENETUNREACH: packets cannot leave
  ...[12, 23, 24, 105], // ENOMEM, ENFILE, EMFILE, ENOBUFS
]);

/**
 * Returns the meaning of the error that ended a connection attempt. An open port and a refusal are both replies of the
 * host. Some errors mean that no packet left this network. After all others, a packet was sent and the host did not reply.
 */
export function meaning(errno: number): "open" | "refused" | "unsent" | "lost" {
  if (errno === 0) return "open";
  return refused.has(errno) ? "refused" : local.has(errno) ? "unsent" : "lost";
}

/** Returns the line for one ping, without its label. `at` is in milliseconds since 1970. */
export function line(at: number, seq: number, outcome: string): string {
  return `[${(at / 1000).toFixed(6)}] tcp_seq=${seq} ${outcome}`;
}
