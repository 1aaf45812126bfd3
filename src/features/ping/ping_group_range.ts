/**
 * Returns true if a process with these groups may open ICMP sockets without NET_RAW. `range` is the content of
 * /proc/sys/net/ipv4/ping_group_range, see icmp(7). The kernel's default, "1 0", allows no group.
 */
export function allowsPing(range: string, groups: readonly number[]): boolean {
  const [low = 1, high = 0] = (range.match(/\d+/g) ?? []).map(Number);
  return groups.some((group) => group >= low && group <= high);
}

/**
 * The command that checks for unprivileged ICMP: it prints the range, its groups, and ping's errors, as a seccomp profile
 * may forbid the socket, too.
 */
export const icmpProbe: readonly string[] = [
  "sh",
  "-c",
  "cat /proc/sys/net/ipv4/ping_group_range; id -G; ping -n -q -c 1 -W 0.1 127.0.0.1 2>&1 >/dev/null",
];

/** Reads the output of the probe. Returns the reason why ICMP does not work; undefined if it works. */
export function readIcmpProbe(output: string): string | undefined {
  const [range = "", groups = "", ...words] = output.trimEnd().split("\n");
  if (!allowsPing(range, groups.trim().split(/\s+/).map(Number))) {
    return `net.ipv4.ping_group_range is ${JSON.stringify(range.trim().replaceAll(/\s+/g, " "))}`;
  }
  if (words.some((word) => /\bping: not found$/.test(word))) return 'there is no program "ping"';
  // Only errors of ping's socket count, not those of its packets.
  return words.map((word) => /^ping: (socket: .+)$/.exec(word)?.[1]).find(Boolean);
}
