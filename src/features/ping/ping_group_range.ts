/**
 * Whether a process with these groups may open ICMP sockets without NET_RAW; `range` is what is in
 * /proc/sys/net/ipv4/ping_group_range, see icmp(7). The kernel's own default, "1 0", allows nobody.
 */
export function allowsPing(range: string, groups: readonly number[]): boolean {
  const [low = 1, high = 0] = (range.match(/\d+/g) ?? []).map(Number);
  return groups.some((group) => group >= low && group <= high);
}

/**
 * The command that finds out whether unprivileged ICMP is to be had: it prints the range, its groups, and what ping says
 * about its own socket, as a seccomp profile may forbid that, too.
 */
export const icmpProbe: readonly string[] = [
  "sh",
  "-c",
  "cat /proc/sys/net/ipv4/ping_group_range; id -G; ping -n -q -c 1 -W 0.1 127.0.0.1 2>&1 >/dev/null",
];

/** Reads what the probe printed: nothing when ICMP works, else why it does not. */
export function readIcmpProbe(output: string): string | undefined {
  const [range = "", groups = "", ...words] = output.trimEnd().split("\n");
  if (!allowsPing(range, groups.trim().split(/\s+/).map(Number))) {
    return `net.ipv4.ping_group_range is ${JSON.stringify(range.trim().replaceAll(/\s+/g, " "))}`;
  }
  if (words.some((word) => /\bping: not found$/.test(word))) return 'there is no program "ping"';
  // What it says about packets is no matter: only its socket counts.
  return words.map((word) => /^ping: (socket: .+)$/.exec(word)?.[1]).find(Boolean);
}
