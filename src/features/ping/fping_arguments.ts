import { ScopeError } from "../../errors.ts";

/**
 * Address that is pinged last in every round, in addition to the requested ones. In count and loop mode fping prints
 * nothing about a packet that it could not send (no route, no IPv6, forbidden by a firewall). A reply of this address
 * shows that a round was sent: packets that stay silent after it are known to be unsent.
 */
export const beatAddress = "127.0.0.1";

/** Limit of packets a second: fping ends with "not enough sequence numbers" after 65,536 packets within ten seconds. */
const mostPerSecond = 6000;

/**
 * Returns the time to wait for a reply, in milliseconds: the interval, but at least one second, so that a short interval
 * does not turn slow replies into lost ones, and at most two seconds.
 */
export function replyTimeoutMs(intervalMs: number): number {
  return Math.min(2000, Math.max(1000, intervalMs));
}

/**
 * Returns fping's gap between two packets, in milliseconds: its default of 10, or less where a round would not fit into
 * the interval. Three tenths of the interval are left for catching up, and 0.1 ms a packet for late wake-ups.
 */
export function gapMs(targets: number, intervalMs: number): number {
  const gap = Math.min(10, 0.7 * intervalMs / targets - 0.1);
  return Math.max(0, Math.round(gap * 1000) / 1000);
}

/**
 * Returns the command line that pings all `addresses` once every `intervalMs`, `count` times or, with 0, until SIGINT.
 * fping sets line buffering itself, also into a pipe.
 *
 * @throws {ScopeError} usage, for more packets a second than fping has sequence numbers for.
 */
export function fpingArguments(addresses: readonly string[], count: number, intervalMs: number): string[] {
  if (addresses.length * 1000 / intervalMs > mostPerSecond) {
    const seconds = Math.ceil(addresses.length / mostPerSecond * 100) / 100;
    throw new ScopeError(
      "usage",
      `Cannot ping ${addresses.length - 1} destinations every ${intervalMs / 1000} s`,
      { hint: `fping sends up to ${mostPerSecond} packets a second; use an interval of ${seconds} s or more` },
    );
  }
  const times = count === 0 ? ["-l"] : ["-c", String(count)];
  const milliseconds = {
    "-p": intervalMs,
    "-t": replyTimeoutMs(intervalMs),
    "-i": gapMs(addresses.length, intervalMs),
  };
  // "--" keeps a host that begins with a dash from being an option.
  return [
    "fping",
    "-D",
    ...times,
    ...Object.entries(milliseconds).flatMap(([k, v]) => [k, String(v)]),
    "--",
    ...addresses,
  ];
}

/** Returns one spelling for each IPv6 address, so that two spellings are one target. Names stay as they are. */
export function canonicalAddress(address: string): string {
  if (!address.includes(":") || !URL.canParse(`http://[${address}]`)) return address;
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
