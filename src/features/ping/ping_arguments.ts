/** More addresses than this are not pinged by ICMP where each needs a process of its own. */
export const mostProcesses = 64;

/** iputils' ping asks for more privilege below this, in milliseconds ("cannot flood"). */
export const leastIntervalMs = 2;

/** How long an answer to a TCP ping is waited for, in milliseconds: then the kernel would send its SYN a second time. */
export const tcpTimeoutMs = 1000;

/**
 * Runs "$1 ADDRESS" for $2 addresses at once, which follow, and then the rest as a command of its own. Each line that
 * comes of them has a label and a tab before it: the address's number, which ends with a line "end", or what the command
 * prints itself. In the background SIGINT is ignored, so env gives it back; for who was just starting it is sent again,
 * until all have ended. The limit for tools is lifted for the other command: Deno reserves half a gigabyte, of which it
 * uses 12 MB.
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
  /** Addresses or names for ICMP. */
  icmp: readonly string[];
  /** For TCP, with their ports. */
  tcp: readonly { address: string; port: number }[];
  /** 0 is until SIGINT. */
  count: number;
  intervalMs: number;
  /** For the answer to the last packet. */
  timeoutMs: number;
}

/** One command for all: a ping for each address, and one program for all that is pinged by TCP. */
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
