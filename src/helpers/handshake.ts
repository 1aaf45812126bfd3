/** errno.h, Linux on x86-64 and arm64. */
const refused: ReadonlySet<number> = new Set([104, 111]); // ECONNRESET, ECONNREFUSED
const local: ReadonlySet<number> = new Set([
  ...[1, 13], // EPERM and EACCES: a firewall of this network forbids it
  ...[22, 97, 99, 100, 101], // EINVAL, EAFNOSUPPORT, EADDRNOTAVAIL, ENETDOWN, ENETUNREACH: no way out from here
  ...[12, 23, 24, 105], // ENOMEM, ENFILE, EMFILE, ENOBUFS
]);

/**
 * What the end of a connection attempt says of the network: an open port and a refusal are both an answer of the host; some
 * errors mean that nothing left this network; with all others, something was sent and no answer of the host came.
 */
export function meaning(errno: number): "open" | "refused" | "unsent" | "lost" {
  if (errno === 0) return "open";
  return refused.has(errno) ? "refused" : local.has(errno) ? "unsent" : "lost";
}

/** The line for one ping, without its label. `at` is in milliseconds since 1970. */
export function line(at: number, seq: number, outcome: string): string {
  return `[${(at / 1000).toFixed(6)}] tcp_seq=${seq} ${outcome}`;
}
