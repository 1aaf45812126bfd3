/** Limit of addresses that are pinged by unprivileged ICMP, as each needs a process. */
export const mostProcesses = 64;

/** Shortest interval that iputils' ping allows unprivileged users, in milliseconds ("cannot flood" below it). */
export const leastIntervalMs = 2;

/** Time to wait for a reply to a TCP ping, in milliseconds: after it the kernel would send the SYN a second time. */
export const tcpTimeoutMs = 1000;

/**
 * Runs "$1 ADDRESS" in parallel for the $2 addresses that follow, and the remaining arguments as one more command. A line
 * of a ping is prefixed with the number of its address and a tab; its last line is "end". The other command labels its
 * lines itself. Background processes ignore SIGINT, so env restores the default. A process that is just starting misses
 * the signal: it is sent again until all have ended. The memory limit of tools is lifted for the other command: Deno
 * reserves half a gigabyte, of which it uses 12 MB.
 */
const script = [
  "set -f; ping=$1 left=$2 at=0 pids= stopped=; shift 2",
  "label() {",
  `  while IFS= read -r line || [ -n "$line" ]; do printf '%s\\t%s\\n' "$1" "$line"; done`,
  `  printf '%s\\tend\\n' "$1"`,
  "}",
  "trap stopped=1 INT",
  'while [ "$at" -lt "$left" ] && [ -z "$stopped" ]; do',
  '  $ping "$1" 2>&1 | label "$at" &',
  '  pids="$pids $!"; shift; at=$((at + 1))',
  "done",
  '[ -n "$stopped" ] || [ $# = 0 ] || { ulimit -S -d unlimited; "$@"; printf "tcp\\texit %s\\n" $?; } &',
  'pids="$pids $!"',
  '[ -n "$stopped" ] || wait $pids',
  `[ -z "$stopped" ] || { trap '' INT; while sleep 0.1; do kill -s INT 0; done & wait $pids; kill $!; }`,
].join("\n");

export interface PingArguments {
  /** Addresses or names to ping by ICMP. */
  icmp: readonly string[];
  /** Addresses or names to ping by TCP, with their ports. */
  tcp: readonly { address: string; port: number }[];
  /** Pings for each address; 0 means until SIGINT. */
  count: number;
  intervalMs: number;
  /** Time to wait for the reply to the last packet. */
  timeoutMs: number;
}

/** Returns one command for all addresses: a ping process for each by ICMP, and one program for all by TCP. */
export function pingArguments({ icmp, tcp, count, intervalMs, timeoutMs }: PingArguments): string[] {
  const times = count === 0 ? "" : ` -c ${count}`;
  return [
    ...["sh", "-c", script, "sh"],
    `env --default-signal=INT ping -n -O -D -i ${intervalMs / 1000} -W ${timeoutMs / 1000}${times} --`,
    ...[String(icmp.length), ...icmp],
    ...(tcp.length === 0 ? [] : [
      ...[
        "deno",
        "run",
        "--quiet",
        "--no-config",
        "--no-lock",
        "--no-remote",
        "--no-npm",
        "--no-prompt",
        "--allow-ffi",
      ],
      ...["--v8-flags=--max-semi-space-size=1,--max-old-space-size=24", "/opt/scope/tcp_ping.js"],
      ...[count, intervalMs, tcpTimeoutMs, icmp.length].map(String),
      ...tcp.flatMap(({ address, port }) => [address, String(port)]),
    ]),
  ];
}
