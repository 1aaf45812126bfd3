import { ScopeError } from "../../errors.ts";

/**
 * Pinged last in every round, on top of what was asked for. In count and loop mode fping prints nothing about a packet
 * that it could not send (no route, no IPv6, forbidden by a firewall); the answers of this address show that a round
 * was sent, so that what stays silent after it is known to be unsent.
 */
export const beatAddress = "127.0.0.1";

/** fping ends with "not enough sequence numbers" when 65,536 of them are used up within ten seconds. */
const mostPerSecond = 6000;

/**
 * How long a reply is waited for, in milliseconds: at least a second, so that a short interval does not turn slow
 * replies into lost ones, and the interval where that is longer, up to two seconds.
 */
export function replyTimeoutMs(intervalMs: number): number {
  return Math.min(2000, Math.max(1000, intervalMs));
}

/**
 * fping's gap between two packets, in milliseconds: its default of 10, or less where a round would not fit into the
 * period otherwise. Three tenths are left to catch up in, and 0.1 ms for each wake-up that comes late.
 */
export function gapMs(targets: number, intervalMs: number): number {
  const gap = Math.min(10, 0.7 * intervalMs / targets - 0.1);
  return Math.max(0, Math.round(gap * 1000) / 1000);
}

/**
 * The command line for one round of all `addresses` in every `intervalMs`, `count` times or, with 0, until SIGINT.
 * fping sets line buffering itself, also into a pipe.
 *
 * @throws {ScopeError} usage, when these are more packets a second than fping has sequence numbers for.
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
  // "--" so that a host that begins with a dash is no option.
  return [
    "fping",
    "-D",
    ...times,
    ...Object.entries(milliseconds).flatMap(([k, v]) => [k, String(v)]),
    "--",
    ...addresses,
  ];
}

/** One spelling for each address, so that two spellings of one IPv6 address are one target; names stay as they are. */
export function canonicalAddress(address: string): string {
  if (!address.includes(":") || !URL.canParse(`http://[${address}]`)) return address;
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
